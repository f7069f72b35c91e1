using System.Collections.Frozen;

namespace Orleans.Runtime;

/// <summary>A grain interface: its methods, and a prototype from which references are cloned.</summary>
internal sealed class GrainInterface
{
    private static readonly ConcurrentDictionary<Type, GrainInterface> Known = new();

    private readonly FrozenDictionary<nint, GrainMethod> _methods;
    private readonly GrainReference _prototype;

    private GrainInterface(Type type)
    {
        WireTypes.Check(type);
        _methods = type.GetInterfaces().Append(type)
            .SelectMany(part => part.GetMethods())
            .ToFrozenDictionary(method => method.MethodHandle.Value, GrainMethod.Of);
        _prototype = (GrainReference)DispatchProxy.Create(type, typeof(GrainReference));
    }

    /// <summary>Reads the interface once; throws, naming method and type, if something in it may not cross a call.</summary>
    public static GrainInterface Of(Type type) => Known.GetOrAdd(type, static key => new(key));

    public GrainReference Refer(GrainCatalog catalog, GrainId id) => _prototype.Clone(this, catalog, id);

    public GrainMethod MethodOf(MethodInfo method) => _methods[method.MethodHandle.Value];
}
