using System.Text.Json;

namespace Orleans.Storage;

/// <summary>Grain state that lives as long as the process. Serialised all the same, so that a state is never shared by accident.</summary>
internal sealed class MemoryGrainStorage(IGrainStorageSerializer serializer) : IGrainStorage
{
    private readonly ConcurrentDictionary<(string State, GrainId Grain), (BinaryData? Payload, int Version)> _rows = new();

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var known = _rows.TryGetValue((stateName, grainId), out var row);
        grainState.State = row.Payload is null ? Activator.CreateInstance<T>() : serializer.Deserialize<T>(row.Payload);
        grainState.ETag = known ? $"{row.Version}" : null;
        grainState.RecordExists = row.Payload is not null;
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        grainState.ETag = Replace(stateName, grainId, grainState.ETag, serializer.Serialize(grainState.State));
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        grainState.ETag = grainState.RecordExists ? Replace(stateName, grainId, grainState.ETag, null) : grainState.ETag;
        grainState.State = Activator.CreateInstance<T>();
        grainState.RecordExists = false;
        return Task.CompletedTask;
    }

    private string Replace(string stateName, GrainId grain, string? etag, BinaryData? payload)
    {
        var known = _rows.TryGetValue((stateName, grain), out var row);
        var done = etag == (known ? $"{row.Version}" : null)
            && (known ? _rows.TryUpdate((stateName, grain), (payload, row.Version + 1), row) : _rows.TryAdd((stateName, grain), (payload, 1)));
        return done ? $"{row.Version + 1}" : throw new InconsistentStateException(
            $"State '{stateName}' of {grain} was written by someone else since version {etag ?? "none"}.", $"{row.Version}", etag);
    }
}

/// <summary>Plain System.Text.Json, for hosts that register no serialiser of their own.</summary>
internal sealed class JsonGrainStateSerializer : IGrainStorageSerializer
{
    public BinaryData Serialize<T>(T? input) => new(JsonSerializer.SerializeToUtf8Bytes(input));

    public T? Deserialize<T>(BinaryData input) => JsonSerializer.Deserialize<T>(input);
}
