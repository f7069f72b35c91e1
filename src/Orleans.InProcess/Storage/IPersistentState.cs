namespace Orleans.Runtime;

/// <summary>Persistent state of a grain, injected by <see cref="PersistentStateAttribute"/> and read before activation.</summary>
public interface IPersistentState<TState> : Core.IStorage<TState>;

/// <summary>Asks for persistent state in a grain's constructor. The state name is the record's name: make it unique.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public class PersistentStateAttribute(string stateName, string? storageName = null) : Attribute
{
    public string StateName => stateName;

    public string? StorageName => storageName;
}
