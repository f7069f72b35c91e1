namespace Orleans;

/// <summary>A call on its way through the filters of its grain.</summary>
public interface IGrainCallContext
{
    GrainId? SourceId { get; }

    GrainId TargetId { get; }

    string InterfaceName { get; }

    string MethodName { get; }

    /// <summary>What the grain returned, after <see cref="Invoke"/>; a filter may replace it.</summary>
    object? Result { get; set; }

    /// <summary>Goes on: the next filter, or the grain. A filter that does not call it answers for the grain.</summary>
    Task Invoke();
}

/// <summary>The same, seen where the grain is.</summary>
public interface IIncomingGrainCallContext : IGrainCallContext;

/// <summary>Runs around every call and timer tick, in a turn of the callee; registered as a service, or implemented by the grain itself.</summary>
public interface IIncomingGrainCallFilter
{
    Task Invoke(IIncomingGrainCallContext context);
}
