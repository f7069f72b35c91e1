using System.Collections.Immutable;
using System.Reflection;
using Channels.Core.Connectors;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Connectors;

/// <summary>Loads channel kinds from assemblies that are not ours. A faulty one is reported and stops nobody.</summary>
/// <remarks>
/// <c>Channels:RegistryModules</c>: paths of assemblies, absolute or relative to where the process was started. Their code runs with all rights of the process:
/// only the operator names them, and a change needs a restart.
/// </remarks>
internal static class KindModules
{
    /// <summary>The setting.</summary>
    public const string Setting = "Channels:RegistryModules";

    /// <summary>The paths of the setting; a list, or one text with semicolons.</summary>
    public static ImmutableArray<string> PathsOf(IConfiguration configuration)
    {
        var section = configuration.GetSection(Setting);
        var listed = section.GetChildren().Select(child => child.Value).Append(section.Value);
        return [.. listed.SelectMany(text => (text ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>What lies there: its types and manifests, or its fault. Makes no connector yet.</summary>
    public static LoadedModule Load(string path)
    {
        var file = Path.GetFileName(path);
        var full = Path.GetFullPath(path);
        if (!File.Exists(full))
        {
            return LoadedModule.Faulty(file, null, $"there is no such file; correct {Setting} or put it there, then restart");
        }

        string? version = null;
        try
        {
            var assembly = new ModuleContext(full).LoadFromAssemblyPath(full);
            version = VersionOf(assembly);
            var kinds = ConnectorCatalog.Discover([assembly]);
            return kinds.IsEmpty
                ? LoadedModule.Faulty(file, version, "holds no public class that implements IConnector of this product's Channels.Core; build it against that")
                : new LoadedModule(new KindModule(file, version, [.. kinds.Select(kind => kind.Manifest.Id)], null), kinds);
        }
        catch (Exception failure)
        {
            // Somebody else's code may fail in any way.
            return LoadedModule.Faulty(file, version, $"cannot be loaded: {WordsOf(failure)}");
        }
    }

    /// <summary>Makes the module's connectors; all of them, or none and the fault.</summary>
    public static (ImmutableArray<IConnector> Connectors, KindModule Module) Create(IServiceProvider services, LoadedModule loaded)
    {
        try
        {
            return ([.. loaded.Kinds.Select(kind => (IConnector)ActivatorUtilities.CreateInstance(services, kind.Type, kind.Manifest))], loaded.Module);
        }
        catch (Exception failure)
        {
            return ([], loaded.Module with { Kinds = [], Fault = $"its connector cannot be made: {WordsOf(failure)}" });
        }
    }

    private static string? VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? assembly.GetName().Version?.ToString();

    private static string WordsOf(Exception failure) => failure switch
    {
        TargetInvocationException { InnerException: { } inner } => WordsOf(inner),
        ReflectionTypeLoadException { LoaderExceptions: [{ } first, ..] } => WordsOf(first),
        BadImageFormatException => "it is no .NET assembly, or one for another platform",
        _ => $"{failure.GetType().Name}: {failure.Message}",
    };
}

/// <summary>A module as it was found.</summary>
internal sealed record LoadedModule(KindModule Module, ImmutableArray<ConnectorKind> Kinds)
{
    public static LoadedModule Faulty(string file, string? version, string fault) => new(new KindModule(file, version, [], fault), []);
}
