namespace Orleans.Runtime;

/// <summary>One grain class: its name in identities, its rules, and how to construct it.</summary>
internal sealed class GrainClass
{
    private readonly ObjectFactory _construct;
    private readonly ParameterInfo[] _states;

    public GrainClass(Type type, InProcessGrainOptions options)
    {
        Type = type;
        // The stored names depend on it: Orleans derives the same.
        var name = type.Name.ToLowerInvariant();
        Name = name.EndsWith("grain", StringComparison.Ordinal) && name.Length > 5 ? name[..^5] : name;
        IsReentrant = type.IsDefined(typeof(ReentrantAttribute));
        CollectionAge = type.GetCustomAttribute<CollectionAgeLimitAttribute>()?.AgeLimit ?? options.CollectionAge;
        var constructor = type.GetConstructors().MaxBy(candidate => candidate.GetParameters().Length)
            ?? throw new InvalidOperationException($"Grain class {type} has no public constructor.");
        _states = [.. constructor.GetParameters().Where(parameter => parameter.IsDefined(typeof(PersistentStateAttribute)))];
        _construct = ActivatorUtilities.CreateFactory(type, [.. _states.Select(parameter => parameter.ParameterType)]);
    }

    public Type Type { get; }

    public string Name { get; }

    public bool IsReentrant { get; }

    public TimeSpan CollectionAge { get; }

    /// <summary>Constructs the grain from its activation's services. Its persistent state is made here, in constructor order, and read later.</summary>
    public Grain Construct(Activation activation, out IStorage[] states)
    {
        states = [.. _states.Select(state => PersistentState.Create(
            activation, state.GetCustomAttribute<PersistentStateAttribute>()!, state.ParameterType.GetGenericArguments()[0]))];
        try
        {
            return (Grain)_construct(activation.ActivationServices, states);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"{Type} could not be constructed: {failure.Message}", failure);
        }
    }
}
