using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Media;
using Channels.Core.Text;
using Channels.Storage.Database;
using Npgsql;
using NpgsqlTypes;

namespace Channels.Storage.Media;

/// <summary>Fetches of files in Postgres: a row each until it is settled.</summary>
internal sealed class PostgresMediaFetches(ChannelsDatabase database) : IMediaFetches
{
    // The newest first: those of an imported history are the oldest, and there may be many; somebody waits for a live one.
    private const string Due = """
        select message_id, media::text, attempts from media_fetch
        where tenant_id = $1 and account_id = $2 and (next_attempt_at <= $3 or next_attempt_at > $5) order by message_id desc limit $4
        """;

    private const string Next = """
        select min(next_attempt_at) from media_fetch where tenant_id = $1 and account_id = $2
        """;

    private const string Postpone = """
        update media_fetch set attempts = attempts + $6, next_attempt_at = $4, reason = $5 where tenant_id = $1 and account_id = $2 and message_id = $3
        """;

    // What was known of the file stays; only while the row is there, so that a repetition tells nobody twice.
    private const string Settle = """
        with gone as (
          delete from media_fetch where tenant_id = $1 and account_id = $2 and message_id = $3 returning message_id, turn_waits_until),
        message as (
          update transcript t
          set details = coalesce(t.details, '{}') || $4::jsonb
                        || jsonb_build_object('media', coalesce(t.details->'media', '{}') || $5::jsonb)
          from gone where t.tenant_id = $1 and t.account_id = $2 and t.id = gone.message_id
          returning t.id, t.conversation_id),
        told as (
          insert into event (tenant_id, id, type, account_id, conversation_id, message_id, data)
          select $1, id, $6, $2, conversation_id, id, $4::jsonb from message)
        select m.conversation_id from message m cross join gone g
        where g.turn_waits_until is not null and exists (select from turn u where u.tenant_id = $1 and u.account_id = $2 and u.conversation_id = m.conversation_id and u.message_id = m.id)
        """;

    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>A file as its row keeps it; what travelled inside the webhook does not.</summary>
    public static string Write(MediaReference media) => JsonSerializer.Serialize(media with { InlineData = null }, _json);

    /// <inheritdoc/>
    public Task<(ImmutableArray<MediaFetch> Due, DateTimeOffset? Next)> LoadAsync(
        TenantId tenant, AccountId account, DateTimeOffset now, int limit, CancellationToken cancellationToken) => StoreFaults.GuardAsync(async () =>
    {
        await using var batch = database.Requests.CreateBatch();
        batch.BatchCommands.Add(Command(Due, tenant, account, Time(now), new() { Value = limit }, Time(now + MediaFetch.FurthestAttempt)));
        batch.BatchCommands.Add(Command(Next, tenant, account));
        await using var rows = await batch.ExecuteReaderAsync(cancellationToken);
        var due = ImmutableArray.CreateBuilder<MediaFetch>();
        while (await rows.ReadAsync(cancellationToken))
        {
            due.Add(new MediaFetch(new MessageId(rows.GetGuid(0)), JsonSerializer.Deserialize<MediaReference>(rows.GetString(1), _json)!, rows.GetInt32(2)));
        }

        await rows.NextResultAsync(cancellationToken);
        await rows.ReadAsync(cancellationToken);
        return (due.ToImmutable(), rows.TimeOrNull(0));
    });

    /// <inheritdoc/>
    public Task PostponeAsync(TenantId tenant, AccountId account, MessageId message, DateTimeOffset until, string reason, bool attempted, CancellationToken cancellationToken) =>
        ExecuteAsync(Command(Postpone, tenant, account, Id(message), Time(until), new() { Value = Scrub.Clean(reason) }, new() { Value = attempted ? 1 : 0 }), cancellationToken);

    /// <inheritdoc/>
    public Task<ConversationId?> SettleAsync(TenantId tenant, AccountId account, MessageId message, MediaSettlement settlement, CancellationToken cancellationToken)
    {
        var told = settlement.Reference is { } reference ? new JsonObject { ["media_id"] = reference } : new JsonObject { ["media_missing"] = Scrub.Clean(settlement.Reason ?? "unknown") };
        var learned = new JsonObject();
        Add(learned, "mime", settlement.Mime);
        Add(learned, "filename", settlement.FileName);
        if (settlement.Bytes is { } bytes)
        {
            learned["bytes"] = bytes;
        }

        return StoreFaults.GuardAsync(async () =>
        {
            await using var batch = database.Requests.CreateBatch();
            batch.BatchCommands.Add(Command(
                Settle, tenant, account, Id(message), new() { Value = told.ToJsonString() }, new() { Value = learned.ToJsonString() },
                new() { Value = settlement.Reference is null ? "message.media_missing" : "message.media_stored" }));
            return await batch.ExecuteScalarAsync(cancellationToken) is Guid conversation ? new ConversationId(conversation) : (ConversationId?)null;
        });
    }

    private static void Add(JsonObject learned, string name, string? value)
    {
        if (value is not null)
        {
            learned[name] = Scrub.Clean(value);
        }
    }

    private Task<int> ExecuteAsync(NpgsqlBatchCommand statement, CancellationToken cancellationToken) => StoreFaults.GuardAsync(async () =>
    {
        await using var batch = database.Requests.CreateBatch();
        batch.BatchCommands.Add(statement);
        return await batch.ExecuteNonQueryAsync(cancellationToken);
    });

    private static NpgsqlBatchCommand Command(string sql, TenantId tenant, AccountId account, params NpgsqlParameter[] others)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.Add(new() { Value = tenant.Value });
        command.Parameters.Add(new() { Value = account.Value });
        foreach (var other in others)
        {
            command.Parameters.Add(other);
        }

        return command;
    }

    private static NpgsqlParameter Id(MessageId message) => new() { Value = message.Value };

    private static NpgsqlParameter Time(DateTimeOffset moment) => new() { Value = moment, NpgsqlDbType = NpgsqlDbType.TimestampTz };
}
