using System.Reflection;
using Orleans.Runtime;

namespace Orleans;

/// <summary>A call on its way through the filters of its grain.</summary>
public interface IGrainCallContext
{
    /// <summary>The grain object.</summary>
    object Grain { get; }

    /// <summary>Who calls; null for code outside grains.</summary>
    GrainId? SourceId { get; }

    /// <summary>Who is called.</summary>
    GrainId TargetId { get; }

    /// <summary>The interface's short name.</summary>
    string InterfaceName { get; }

    /// <summary>The method's name.</summary>
    string MethodName { get; }

    /// <summary>The method of the interface.</summary>
    MethodInfo InterfaceMethod { get; }

    /// <summary>What the grain returned, after <see cref="Invoke"/>; a filter may replace it.</summary>
    object? Result { get; set; }

    /// <summary>Goes on: the next filter, or the grain. A filter that does not call it answers for the grain.</summary>
    Task Invoke();
}

/// <summary>The same, seen where the grain is.</summary>
public interface IIncomingGrainCallContext : IGrainCallContext
{
    /// <summary>The activation.</summary>
    IGrainContext TargetContext { get; }

    /// <summary>The method of the class.</summary>
    MethodInfo ImplementationMethod { get; }
}

/// <summary>Runs around every call in a turn of the callee; registered as a service, or implemented by the grain itself.</summary>
public interface IIncomingGrainCallFilter
{
    /// <summary>Called for each call and timer tick; awaits <see cref="IGrainCallContext.Invoke"/> to let it through.</summary>
    Task Invoke(IIncomingGrainCallContext context);
}
