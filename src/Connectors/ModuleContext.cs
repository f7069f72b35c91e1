using System.Reflection;
using System.Runtime.Loader;

namespace Channels.Connectors;

/// <summary>Where one external assembly lives: it brings its own libraries along and shares the product's.</summary>
/// <remarks>What the product has itself is taken from there, Core above all: a connector must implement our interface, not its own copy of it.</remarks>
internal sealed class ModuleContext(string path) : AssemblyLoadContext($"kind module {Path.GetFileName(path)}")
{
    private readonly AssemblyDependencyResolver _beside = new(path);

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        try
        {
            return Default.LoadFromAssemblyName(assemblyName);
        }
        catch (FileNotFoundException)
        {
            return _beside.ResolveAssemblyToPath(assemblyName) is { } own ? LoadFromAssemblyPath(own) : null;
        }
    }
}
