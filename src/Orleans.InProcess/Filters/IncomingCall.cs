using System.Collections.Concurrent;
using System.Reflection;

namespace Orleans.Runtime;

/// <summary>Leads one call through the registered filters, then the grain's own, then the grain.</summary>
internal sealed class IncomingCall(
    Activation activation, MethodInfo method, string interfaceName, GrainId? source, Func<object, Task<object?>> call) : IIncomingGrainCallContext
{
    private static readonly ConcurrentDictionary<(Type Class, MethodInfo Method), MethodInfo> Implementations = new();

    private int _stage;

    public object Grain => activation.GrainInstance!;

    public GrainId? SourceId => source;

    public GrainId TargetId => activation.GrainId;

    public IGrainContext TargetContext => activation;

    public string InterfaceName => interfaceName;

    public string MethodName => method.Name;

    public MethodInfo InterfaceMethod => method;

    public MethodInfo ImplementationMethod => Implementations.GetOrAdd((Grain.GetType(), method), static key => Implementation(key.Class, key.Method));

    public object? Result { get; set; }

    public async Task Invoke()
    {
        var filters = activation.Catalog.Filters;
        var stage = _stage++;
        if (stage < filters.Length)
        {
            await filters[stage].Invoke(this);
        }
        else if (stage == filters.Length && Grain is IIncomingGrainCallFilter own)
        {
            await own.Invoke(this);
        }
        else
        {
            Result = await call(Grain);
        }
    }

    private static MethodInfo Implementation(Type type, MethodInfo method)
    {
        // A timer's tick has no method of the grain behind it.
        if (!method.DeclaringType!.IsAssignableFrom(type))
        {
            return method;
        }

        var map = type.GetInterfaceMap(method.DeclaringType);
        return map.TargetMethods[Array.IndexOf(map.InterfaceMethods, method)];
    }
}
