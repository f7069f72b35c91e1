using System.Globalization;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Orleans.Storage;

/// <summary>Grain state in the rows that Orleans' ADO.NET provider would use.</summary>
/// <remarks>The version is the row's; a statement that finds another one changes nothing and says so by returning no new version.</remarks>
internal sealed class PostgresGrainStorage(OrleansQueries queries, IGrainStorageSerializer serializer, IOptions<InProcessGrainOptions> options)
    : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var rows = await queries.RunAsync(
            "ReadFromStorageKey",
            row => (Payload: row["PayloadBinary"] as byte[], Version: Text(row["Version"])),
            Row(stateName, grainId),
            cancellationToken);
        var (payload, version) = rows.SingleOrDefault();
        grainState.State = payload is null ? Activator.CreateInstance<T>() : serializer.Deserialize<T>(new(payload)) ?? Activator.CreateInstance<T>();
        grainState.ETag = version;
        grainState.RecordExists = payload is not null;
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var versions = await queries.RunAsync(
            "WriteToStorageKey",
            row => Text(row["NewGrainStateVersion"]),
            [
                .. Row(stateName, grainId),
                Version(grainState.ETag),
                ("PayloadBinary", NpgsqlDbType.Bytea, serializer.Serialize(grainState.State).ToArray()),
            ],
            cancellationToken);
        grainState.ETag = Changed(versions, grainState.ETag, stateName, grainId);
        grainState.RecordExists = true;
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        if (!grainState.RecordExists && string.IsNullOrWhiteSpace(grainState.ETag))
        {
            await ReadStateAsync(stateName, grainId, grainState, cancellationToken);
            if (!grainState.RecordExists)
            {
                return;
            }
        }

        var versions = await queries.RunAsync(
            "ClearStorageKey", row => Text(row[0]), [.. Row(stateName, grainId), Version(grainState.ETag)], cancellationToken);
        grainState.ETag = Changed(versions, grainState.ETag, stateName, grainId);
        grainState.State = Activator.CreateInstance<T>();
        grainState.RecordExists = false;
    }

    private static (string Name, NpgsqlDbType Type, object? Value) Version(string? etag) => (
        "GrainStateVersion",
        NpgsqlDbType.Integer,
        string.IsNullOrWhiteSpace(etag) ? null : int.Parse(etag, CultureInfo.InvariantCulture));

    private static string? Text(object version) => Convert.ToString(version, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : null;

    private static string Changed(List<string?> versions, string? before, string stateName, GrainId grain) =>
        versions.SingleOrDefault() is { } now && now != before
            ? now
            : throw new InconsistentStateException(
                $"State '{stateName}' of {grain} was written by someone else since version {before ?? "none"}.", null, before);

    private (string Name, NpgsqlDbType Type, object? Value)[] Row(string stateName, GrainId grain)
    {
        var key = GrainStorageKey.Of(grain);
        return
        [
            ("GrainIdHash", NpgsqlDbType.Integer, key.Hash),
            ("GrainIdN0", NpgsqlDbType.Bigint, key.N0),
            ("GrainIdN1", NpgsqlDbType.Bigint, key.N1),
            ("GrainTypeHash", NpgsqlDbType.Integer, (int)StableHash.Of(stateName)),
            ("GrainTypeString", NpgsqlDbType.Text, stateName),
            ("GrainIdExtensionString", NpgsqlDbType.Text, key.Extension),
            ("ServiceId", NpgsqlDbType.Text, options.Value.ServiceId),
        ];
    }
}
