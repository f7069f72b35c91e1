using System.Linq.Expressions;
using System.Reflection;
using Orleans.Concurrency;

namespace Orleans.Runtime;

/// <summary>One method of a grain interface: its rules, read once, and compiled code to call it.</summary>
internal abstract class GrainMethod
{
    private readonly Func<object, object?[], Task> _invoke;
    private readonly int _cancellation;

    protected GrainMethod(MethodInfo method)
    {
        Method = method;
        Name = $"{method.DeclaringType!.Name}.{method.Name}";
        AlwaysInterleaves = method.IsDefined(typeof(AlwaysInterleaveAttribute));
        ReadsOnly = method.IsDefined(typeof(ReadOnlyAttribute));
        Timeout = method.GetCustomAttribute<ResponseTimeoutAttribute>()?.Timeout;
        _cancellation = Array.FindIndex(method.GetParameters(), parameter => parameter.ParameterType == typeof(CancellationToken));
        _invoke = Compile(method);
    }

    public MethodInfo Method { get; }

    public string Name { get; }

    public bool AlwaysInterleaves { get; }

    public bool ReadsOnly { get; }

    public TimeSpan? Timeout { get; }

    public static GrainMethod Of(MethodInfo method)
    {
        var returned = method.ReturnType;
        var result = returned.IsGenericType ? returned.GetGenericArguments()[0] : typeof(Nothing);
        return (GrainMethod)Activator.CreateInstance(typeof(GrainMethod<>).MakeGenericType(result), method)!;
    }

    /// <summary>Calls the method on the grain itself; runs in a turn of its activation.</summary>
    public Task Invoke(object grain, object?[] arguments) =>
        _invoke(grain, arguments) ?? throw new InvalidOperationException($"{Name} returned null instead of a task.");

    /// <summary>Sends the call and returns what the interface's method returns.</summary>
    public abstract object Send(GrainReference reference, object?[] arguments);

    protected bool IsCancelled(object?[] arguments, out CancellationToken callers)
    {
        callers = _cancellation < 0 ? default : (CancellationToken)arguments[_cancellation]!;
        return callers.IsCancellationRequested;
    }

    protected void Post(GrainReference reference, GrainCall call, CancellationToken callers)
    {
        if (callers.CanBeCanceled)
        {
            call.CancelWith(_cancellation, callers);
        }

        reference.Post(call);
    }

    private static Func<object, object?[], Task> Compile(MethodInfo method)
    {
        var grain = Expression.Parameter(typeof(object));
        var arguments = Expression.Parameter(typeof(object[]));
        Expression call = Expression.Call(
            Expression.Convert(grain, method.DeclaringType!),
            method,
            method.GetParameters().Select((parameter, position) =>
                Expression.Convert(Expression.ArrayIndex(arguments, Expression.Constant(position)), parameter.ParameterType)));
        if (method.ReturnType.IsValueType)
        {
            call = Expression.Call(call, nameof(ValueTask.AsTask), null);
        }

        return Expression.Lambda<Func<object, object?[], Task>>(call, grain, arguments).Compile();
    }
}

/// <summary>A method whose task brings a <typeparamref name="TResult"/>.</summary>
internal sealed class GrainMethod<TResult>(MethodInfo method) : GrainMethod(method)
{
    private readonly bool _returnsValueTask = method.ReturnType.IsValueType;

    public static TResult ResultOf(Task outcome) =>
        typeof(TResult) == typeof(Nothing) ? default! : ((Task<TResult>)outcome).GetAwaiter().GetResult();

    public override object Send(GrainReference reference, object?[] arguments)
    {
        Task<TResult> answered;
        if (IsCancelled(arguments, out var callers))
        {
            answered = Task.FromCanceled<TResult>(callers);
        }
        else
        {
            var call = new GrainCall<TResult>(this, reference.GrainId, arguments, reference.Catalog);
            Post(reference, call, callers);
            answered = call.Answered;
        }

        return !_returnsValueTask ? answered
            : typeof(TResult) == typeof(Nothing) ? new ValueTask(answered)
            : new ValueTask<TResult>(answered);
    }
}
