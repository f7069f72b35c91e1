namespace Orleans.Runtime;

/// <summary>Leads one call through the registered filters, then the grain's own, then the grain.</summary>
internal sealed class IncomingCall(Activation activation, string interfaceName, string methodName, GrainId? source, Func<Task<object?>> call)
    : IIncomingGrainCallContext
{
    private int _stage;

    public GrainId? SourceId => source;

    public GrainId TargetId => activation.GrainId;

    public string InterfaceName => interfaceName;

    public string MethodName => methodName;

    public object? Result { get; set; }

    /// <summary>Whether anybody wants to see the calls of this grain.</summary>
    public static bool IsFiltered(Activation activation) => activation.Catalog.Filters.Length > 0 || activation.Grain is IIncomingGrainCallFilter;

    public async Task Invoke()
    {
        var filters = activation.Catalog.Filters;
        var stage = _stage++;
        if ((stage < filters.Length ? filters[stage] : stage == filters.Length ? activation.Grain as IIncomingGrainCallFilter : null) is { } filter)
        {
            await filter.Invoke(this);
        }
        else
        {
            Result = await call();
        }
    }
}
