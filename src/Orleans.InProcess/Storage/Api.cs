using Orleans.Runtime;

namespace Orleans.Core
{
    /// <summary>A record in storage that belongs to one grain, and its version there.</summary>
    /// <remarks>Writing and clearing throw <see cref="Storage.InconsistentStateException"/> if someone else wrote since.</remarks>
    public interface IStorage
    {
        string? Etag { get; }

        bool RecordExists { get; }

        Task ClearStateAsync();

        Task WriteStateAsync();

        Task ReadStateAsync();

        Task ClearStateAsync(CancellationToken cancellationToken) => ClearStateAsync();

        Task WriteStateAsync(CancellationToken cancellationToken) => WriteStateAsync();

        Task ReadStateAsync(CancellationToken cancellationToken) => ReadStateAsync();
    }

    /// <summary>The same, with the value in memory.</summary>
    public interface IStorage<TState> : IStorage
    {
        TState State { get; set; }
    }
}

namespace Orleans.Runtime
{
    /// <summary>Persistent state of a grain, injected by <see cref="PersistentStateAttribute"/> and read before activation.</summary>
    public interface IPersistentState<TState> : Core.IStorage<TState>;

    /// <summary>Asks for persistent state in a grain's constructor. The state name is the record's name: make it unique.</summary>
    [AttributeUsage(AttributeTargets.Parameter)]
    public class PersistentStateAttribute(string stateName, string? storageName = null) : Attribute
    {
        public string StateName => stateName;

        public string? StorageName => storageName;
    }
}

namespace Orleans
{
    /// <summary>What storage fills in on reading and takes on writing.</summary>
    public interface IGrainState<T>
    {
        T? State { get; set; }

        string? ETag { get; set; }

        bool RecordExists { get; set; }
    }
}

namespace Orleans.Storage
{
    /// <summary>Keeps grain state. One operation per record at a time; a stale <see cref="IGrainState{T}.ETag"/> must be refused.</summary>
    public interface IGrainStorage
    {
        Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
            ReadStateAsync(stateName, grainId, grainState);

        Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
            WriteStateAsync(stateName, grainId, grainState);

        Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
            ClearStateAsync(stateName, grainId, grainState);
    }

    /// <summary>Turns grain state into bytes and back.</summary>
    public interface IGrainStorageSerializer
    {
        BinaryData Serialize<T>(T? input);

        T? Deserialize<T>(BinaryData input);
    }

    /// <summary>Someone else wrote the record since it was read. A grain that lets it escape is deactivated.</summary>
    [GenerateSerializer]
    public class InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag) : OrleansException(errorMsg)
    {
        public InconsistentStateException(string message)
            : this(message, null, null)
        {
        }

        [Id(1)]
        public string? StoredEtag { get; } = storedEtag;

        [Id(2)]
        public string? CurrentEtag { get; } = currentEtag;

        internal bool IsSourceActivation { get; set; } = true;
    }
}
