using Orleans.Runtime;

namespace Orleans.Core
{
    /// <summary>A record in storage that belongs to one grain.</summary>
    public interface IStorage
    {
        /// <summary>The version last read or written; null when there is none.</summary>
        string? Etag { get; }

        /// <summary>Whether storage holds a value.</summary>
        bool RecordExists { get; }

        /// <summary>Deletes the value; the state in memory becomes new.</summary>
        Task ClearStateAsync();

        /// <summary>Writes the state; throws <see cref="Storage.InconsistentStateException"/> if someone else wrote since.</summary>
        Task WriteStateAsync();

        /// <summary>Replaces the state in memory by what is stored.</summary>
        Task ReadStateAsync();

        /// <summary>Deletes the value.</summary>
        Task ClearStateAsync(CancellationToken cancellationToken) => ClearStateAsync();

        /// <summary>Writes the state.</summary>
        Task WriteStateAsync(CancellationToken cancellationToken) => WriteStateAsync();

        /// <summary>Reads the state.</summary>
        Task ReadStateAsync(CancellationToken cancellationToken) => ReadStateAsync();
    }

    /// <summary>The same, with the value.</summary>
    public interface IStorage<TState> : IStorage
    {
        /// <summary>The value in memory.</summary>
        TState State { get; set; }
    }
}

namespace Orleans.Runtime
{
    using Orleans.Core;

    /// <summary>Persistent state of a grain, injected by <see cref="PersistentStateAttribute"/> and read before activation.</summary>
    public interface IPersistentState<TState> : IStorage<TState>;

    /// <summary>Asks for persistent state in a grain's constructor. The state name is the record's name: make it unique.</summary>
    [AttributeUsage(AttributeTargets.Parameter)]
    public class PersistentStateAttribute(string stateName, string? storageName = null) : Attribute
    {
        /// <summary>The record's name.</summary>
        public string StateName => stateName;

        /// <summary>Which storage; null for the default one.</summary>
        public string? StorageName => storageName;
    }
}

namespace Orleans
{
    /// <summary>What storage fills in on reading and takes on writing.</summary>
    public interface IGrainState<T>
    {
        /// <summary>The value.</summary>
        T? State { get; set; }

        /// <summary>Its version.</summary>
        string? ETag { get; set; }

        /// <summary>Whether storage holds it.</summary>
        bool RecordExists { get; set; }
    }
}

namespace Orleans.Storage
{
    /// <summary>Keeps grain state. One operation per record at a time; a stale <see cref="IGrainState{T}.ETag"/> must be refused.</summary>
    public interface IGrainStorage
    {
        /// <summary>Fills in what is stored, or a new value.</summary>
        Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <summary>Stores the value and fills in its new version.</summary>
        Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <summary>Deletes the value.</summary>
        Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <summary>Fills in what is stored.</summary>
        Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
            ReadStateAsync(stateName, grainId, grainState);

        /// <summary>Stores the value.</summary>
        Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
            WriteStateAsync(stateName, grainId, grainState);

        /// <summary>Deletes the value.</summary>
        Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
            ClearStateAsync(stateName, grainId, grainState);
    }

    /// <summary>Turns grain state into bytes and back.</summary>
    public interface IGrainStorageSerializer
    {
        /// <summary>To bytes.</summary>
        BinaryData Serialize<T>(T? input);

        /// <summary>From bytes.</summary>
        T? Deserialize<T>(BinaryData input);
    }

    /// <summary>Someone else wrote the record since it was read. A grain that lets it escape is deactivated.</summary>
    [GenerateSerializer]
    public class InconsistentStateException : OrleansException
    {
        /// <summary>With words.</summary>
        public InconsistentStateException(string message)
            : base(message)
        {
        }

        /// <summary>With words and both versions.</summary>
        public InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag)
            : base($"{errorMsg} Stored: {storedEtag ?? "none"}; expected: {currentEtag ?? "none"}.") =>
            (StoredEtag, CurrentEtag) = (storedEtag, currentEtag);

        /// <summary>The version found.</summary>
        [Id(1)]
        public string? StoredEtag { get; }

        /// <summary>The version expected.</summary>
        [Id(2)]
        public string? CurrentEtag { get; }

        internal bool IsSourceActivation { get; set; } = true;
    }
}
