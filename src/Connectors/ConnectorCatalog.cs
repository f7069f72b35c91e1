using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Reflection;
using Channels.Core.Connectors;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Channels.Connectors;

/// <summary>All channel kinds of this process: every connector type in the given assemblies, each with its manifest.</summary>
/// <remarks>
/// Adding a folder is all it takes to add a kind. Two kinds of one id stop the start, with both types in the message; one of somebody else's assembly that
/// takes an id in use is that assembly's fault.
/// </remarks>
internal sealed partial class ConnectorCatalog : IConnectorCatalog
{
    private readonly FrozenDictionary<string, IConnector> _byId;

    private ConnectorCatalog(FrozenDictionary<string, IConnector> byId, ImmutableArray<KindModule> modules)
    {
        _byId = byId;
        Modules = modules;
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<IConnector> All => _byId.Values;

    /// <inheritdoc/>
    public ImmutableArray<KindModule> Modules { get; }

    /// <inheritdoc/>
    public IConnector? Find(string kind) => _byId.GetValueOrDefault(kind);

    /// <summary>What the assemblies hold. Makes no connector yet: a faulty manifest or a duplicate shows before anything runs.</summary>
    public static ImmutableArray<ConnectorKind> Discover(IEnumerable<Assembly> assemblies) =>
        WithoutDuplicates([.. assemblies.SelectMany(assembly => assembly.GetTypes()).Where(IsConnector).Select(type => new ConnectorKind(ConnectorManifests.Of(type), type))]);

    /// <summary>The kinds as they are, or an exception that names both types of a duplicate.</summary>
    public static ImmutableArray<ConnectorKind> WithoutDuplicates(ImmutableArray<ConnectorKind> kinds)
    {
        var seen = new Dictionary<string, Type>(StringComparer.Ordinal);
        foreach (var kind in kinds)
        {
            if (!seen.TryAdd(kind.Manifest.Id, kind.Type))
            {
                throw new InvalidOperationException(
                    $"Two connectors call themselves '{kind.Manifest.Id}': {seen[kind.Manifest.Id].FullName} and {kind.Type.FullName}. Rename one in its channel.json.");
            }
        }

        return kinds;
    }

    /// <summary>Makes one connector of each kind: ours, then those of the modules that are in order.</summary>
    public static ConnectorCatalog Create(IServiceProvider services, ImmutableArray<ConnectorKind> kinds, IEnumerable<LoadedModule> modules, ILogger? logger)
    {
        var byId = kinds.ToDictionary(
            kind => kind.Manifest.Id, kind => (IConnector)ActivatorUtilities.CreateInstance(services, kind.Type, kind.Manifest), StringComparer.Ordinal);
        var told = ImmutableArray.CreateBuilder<KindModule>();
        foreach (var loaded in modules)
        {
            var (connectors, module) = KindModules.Create(services, loaded);
            if (connectors.FirstOrDefault(connector => byId.ContainsKey(connector.Manifest.Id)) is { } taken)
            {
                (connectors, module) = ([], module with { Kinds = [], Fault = $"its kind '{taken.Manifest.Id}' is there already; give it another id in its channel.json" });
            }

            foreach (var connector in connectors)
            {
                byId.Add(connector.Manifest.Id, connector);
            }

            if (module.Fault is { } fault && logger is not null)
            {
                Log.Faulty(logger, module.File, fault);
            }

            told.Add(module);
        }

        return new(byId.ToFrozenDictionary(StringComparer.Ordinal), told.ToImmutable());
    }

    private static bool IsConnector(Type type) => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IConnector));

    private static partial class Log
    {
        [LoggerMessage(3001, LogLevel.Error, "The kind module {Module} brings no kind: {Fault}")]
        public static partial void Faulty(ILogger logger, string module, string fault);
    }
}

/// <summary>A connector's type and its manifest.</summary>
internal sealed record ConnectorKind(ChannelManifest Manifest, Type Type);
