using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Hosting;

namespace Orleans.Runtime;

/// <summary>One grain class: its name in identities, its rules, and how to construct it.</summary>
internal sealed class GrainClass
{
    private readonly ObjectFactory _construct;
    private readonly ParameterInfo[] _given;

    public GrainClass(Type type, InProcessGrainOptions options, Func<TimeSpan, long> ticks)
    {
        Type = type;
        Name = type.GetCustomAttribute<GrainTypeAttribute>()?.Name ?? DefaultName(type);
        IsReentrant = type.IsDefined(typeof(ReentrantAttribute));
        CollectionAge = type.IsDefined(typeof(KeepAliveAttribute)) ? Timeout.InfiniteTimeSpan
            : type.GetCustomAttribute<CollectionAgeLimitAttribute>() is not { } limit ? options.CollectionAge
            : limit.AlwaysActive ? Timeout.InfiniteTimeSpan
            : limit.AgeLimit;
        CollectionAgeTicks = CollectionAge == Timeout.InfiniteTimeSpan ? long.MaxValue : ticks(CollectionAge);
        Interfaces = [.. type.GetInterfaces().Where(part => typeof(IGrain).IsAssignableFrom(part))];
        var constructor = type.GetConstructors().MaxBy(candidate => candidate.GetParameters().Length)
            ?? throw new InvalidOperationException($"Grain class {type} has no public constructor.");
        _given = [.. constructor.GetParameters().Where(parameter => IsState(parameter) || parameter.ParameterType == typeof(IGrainContext))];
        _construct = ActivatorUtilities.CreateFactory(type, [.. _given.Select(parameter => parameter.ParameterType)]);
    }

    public Type Type { get; }

    public string Name { get; }

    public bool IsReentrant { get; }

    public TimeSpan CollectionAge { get; }

    public long CollectionAgeTicks { get; }

    public IReadOnlyList<Type> Interfaces { get; }

    /// <summary>Constructs the grain from its activation's services. Persistent state is made here and read later.</summary>
    public object Construct(Activation activation)
    {
        var given = new object[_given.Length];
        for (var position = 0; position < given.Length; position++)
        {
            var parameter = _given[position];
            given[position] = parameter.GetCustomAttribute<PersistentStateAttribute>() is { } state
                ? PersistentState.Create(activation, state, parameter.ParameterType.GetGenericArguments()[0])
                : activation;
        }

        try
        {
            return _construct(activation.ActivationServices, given);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"{Type} could not be constructed: {failure.Message}", failure);
        }
    }

    private static bool IsState(ParameterInfo parameter) => parameter.IsDefined(typeof(PersistentStateAttribute));

    private static string DefaultName(Type type)
    {
        // The stored names depend on it: Orleans derives the same.
#pragma warning disable CA1308 // Lower case is the format, not a comparison.
        var name = type.Name.ToLowerInvariant();
#pragma warning restore CA1308
        return name.EndsWith("grain", StringComparison.Ordinal) && name.Length > 5 ? name[..^5] : name;
    }
}
