using System.Linq.Expressions;

namespace Orleans.Runtime;

/// <summary>One method of a grain interface: its rules, read once, and compiled code to call it.</summary>
internal abstract class GrainMethod
{
    private readonly Func<object, object?[], Task> _invoke;

    protected GrainMethod(MethodInfo method)
    {
        (Interface, Name) = (method.DeclaringType!, method.Name);
        AlwaysInterleaves = method.IsDefined(typeof(AlwaysInterleaveAttribute));
        ReadsOnly = method.IsDefined(typeof(ReadOnlyAttribute));
        Timeout = method.GetCustomAttribute<ResponseTimeoutAttribute>()?.Timeout;
        CancellationAt = Array.FindIndex(method.GetParameters(), parameter => parameter.ParameterType == typeof(CancellationToken));
        _invoke = Compile(method);
    }

    public Type Interface { get; }

    public string Name { get; }

    public bool AlwaysInterleaves { get; }

    public bool ReadsOnly { get; }

    public TimeSpan? Timeout { get; }

    /// <summary>Which argument is the cancellation token; negative for none.</summary>
    public int CancellationAt { get; }

    public static GrainMethod Of(MethodInfo method)
    {
        var returned = method.ReturnType;
        var result = returned.IsGenericType ? returned.GetGenericArguments()[0] : typeof(Nothing);
        return (GrainMethod)Activator.CreateInstance(typeof(GrainMethod<>).MakeGenericType(result), method)!;
    }

    /// <summary>Calls the method on the grain itself; runs in a turn of its activation.</summary>
    public Task Invoke(object grain, object?[] arguments) =>
        _invoke(grain, arguments) ?? throw new InvalidOperationException($"{Interface.Name}.{Name} returned null instead of a task.");

    /// <summary>Sends the call and returns what the interface's method returns.</summary>
    public abstract object Send(GrainReference reference, object?[] arguments);

    private static Func<object, object?[], Task> Compile(MethodInfo method)
    {
        var grain = Expression.Parameter(typeof(object));
        var arguments = Expression.Parameter(typeof(object[]));
        Expression call = Expression.Call(
            Expression.Convert(grain, method.DeclaringType!),
            method,
            method.GetParameters().Select((parameter, position) =>
                Expression.Convert(Expression.ArrayIndex(arguments, Expression.Constant(position)), parameter.ParameterType)));
        call = method.ReturnType.IsValueType ? Expression.Call(call, nameof(ValueTask.AsTask), null) : call;
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
        var callers = CancellationAt < 0 ? default : (CancellationToken)arguments[CancellationAt]!;
        var call = new GrainCall<TResult>(this, reference, arguments, callers);
        if (!callers.IsCancellationRequested)
        {
            reference.Post(call);
        }

        return !_returnsValueTask ? call.Answered
            : typeof(TResult) == typeof(Nothing) ? new ValueTask(call.Answered)
            : new ValueTask<TResult>(call.Answered);
    }
}
