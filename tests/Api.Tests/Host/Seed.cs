using Channels.Core.Conversations;
using Channels.Core.Ids;
using Npgsql;

namespace Channels.Api.Tests.Host;

/// <summary>Rows that only the pipeline writes, put there directly.</summary>
internal static class Seed
{
    private static readonly IdSource _ids = new(TimeProvider.System);

    public static Guid NewId() => _ids.Next();

    /// <summary>A channel with one row in every table a tenant may read.</summary>
    public static async Task<SeededRows> OneOfEachAsync(ApiHost host, TenantUnderTest tenant)
    {
        var channel = await tenant.CreateSimulatorAsync();
        var conversation = await ConversationAsync(host, tenant.Id, channel);
        var message = await MessageAsync(host, tenant.Id, channel, conversation, "hola");
        var parked = await ParkAsync(host, tenant.Id, channel, "{}");
        await RunAsync(host.Db, "insert into conversation_alias values ($1, $2, $3, $4)", tenant.Id.Value, channel, $"alias-{channel}", conversation);
        await RunAsync(host.Db, "insert into account_status_history values ($1, $2, $3, 'active', null, null, now())", tenant.Id.Value, channel, _ids.Next());
        await RunAsync(host.Db, "insert into inbox values ($1, $2, $3, now(), '', '')", tenant.Id.Value, channel, _ids.Next());
        await RunAsync(
            host.Db, "insert into session (tenant_id, account_id, status, since, wanted, attempts, gateway_fault) values ($1, $2, 'working', now(), true, 0, false)", tenant.Id.Value, channel);
        await RunAsync(host.Db, "insert into intake (tenant_id, account_id, cursor, failures) values ($1, $2, '7', 0)", tenant.Id.Value, channel);
        var turn = await TurnAsync(host, tenant.Id, channel, conversation, message);
        await RunAsync(host.Db, "insert into channel_counter (tenant_id, account_id, messages_received) values ($1, $2, 1)", tenant.Id.Value, channel);
        await RunAsync(
            host.Db, "insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at) values ($1, $2, $3, $4, 0, 0, now())",
            tenant.Id.Value, channel, _ids.Next(), conversation);
        await EventAsync(host, tenant.Id, channel);
        await RunAsync(host.Db, "insert into event_trim (tenant_id, xid, id) values ($1, '1', $2)", tenant.Id.Value, _ids.Next());
        await RunAsync(host.Db, "insert into kind_switched_off (tenant_id, kind, since) values ($1, 'pigeon', now())", tenant.Id.Value);
        await RunAsync(host.Db, "insert into acceptance (tenant_id, account_id, accepted) values ($1, $2, 1)", tenant.Id.Value, channel);
        await RunAsync(host.Db, "insert into drop_counter (tenant_id, account_id, what, reason, dropped, last_at) values ($1, $2, 'event', 'presence', 1, now())", tenant.Id.Value, channel);
        await RunAsync(
            host.Db, "insert into message_key (account_id, provider_message_id, conversation_id, key_class, revision, message_id) values ($1, 'P-1', $2, 'message', '', $3)",
            channel, conversation, message);
        var replay = _ids.Next();
        await RunAsync(
            host.Db,
            "insert into replay (tenant_id, id, rate, matched, created_at, after_id, state, ended_at) values ($1, $2, 1, 0, now(), '00000000-0000-0000-0000-000000000000', 'done', now())",
            tenant.Id.Value, replay);
        return new(channel, conversation, parked, turn, await KeyAsync(host, tenant.Id), await tenant.AddDocumentAsync(), message, replay);
    }

    public static async Task<Guid> ConversationAsync(ApiHost host, TenantId tenant, Guid channel, string chat = "5491122223333")
    {
        var id = _ids.Next();
        await RunAsync(
            host.Db, "insert into conversation (tenant_id, account_id, id, chat_id, chat_type, contact_name, created_at, last_message_at) values ($1, $2, $3, $4, 'direct', 'Ana', now(), now())",
            tenant.Value, channel, id, chat);
        return id;
    }

    public static async Task<Guid> MessageAsync(
        ApiHost host, TenantId tenant, Guid channel, Guid conversation, string text, bool outbound = false, string status = "received", string? details = null)
    {
        var id = _ids.Next();
        await RunAsync(
            host.Db,
            """
            insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, provider_message_id, text, status, sender_id, sender_name, occurred_at, details)
            values ($1, $2, $3, $4, $5, 0, 'message.text', 'P-1', $6, $7, '549', 'Ana', now(), $8::jsonb)
            """,
            tenant.Value, channel, id, conversation, outbound, text, status, (object?)details ?? DBNull.Value);
        return id;
    }

    /// <summary>A turn that its agent is to answer later.</summary>
    public static async Task<Guid> TurnAsync(
        ApiHost host, TenantId tenant, Guid channel, Guid conversation, Guid message, LateTurnState state = LateTurnState.Open, byte[]? answerHash = null)
    {
        await RunAsync(
            host.Db, "insert into turn (tenant_id, account_id, conversation_id, message_id, answer_by) values ($1, $2, $3, $4, now() + interval '5 minutes')",
            tenant.Value, channel, conversation, message);
        await RunAsync(
            host.Db,
            """
            insert into late_turn (tenant_id, turn_id, account_id, conversation_id, state, answer_by, answer_hash)
            values ($1, $4, $2, $3, $5, '2026-01-01 12:05:00+00', nullif($6, ''::bytea))
            """,
            tenant.Value, channel, conversation, message, (short)state, answerHash ?? []);
        return message;
    }

    public static async Task<Guid> ParkAsync(ApiHost host, TenantId tenant, Guid channel, string body, string reason = "not JSON")
    {
        var id = _ids.Next();
        await RunAsync(
            host.Db, "insert into parked_webhook values ($1, $2, $3, now(), now(), $5, '', $4)",
            tenant.Value, channel, id, System.Text.Encoding.UTF8.GetBytes(body), reason);
        return id;
    }

    public static Task EventAsync(ApiHost host, TenantId tenant, Guid channel) => RunAsync(
        host.Db, "insert into event (tenant_id, id, type, account_id, data) values ($1, $2, 'message.received', $3, '{}')", tenant.Value, _ids.Next(), channel);

    public static async Task RunAsync(NpgsqlDataSource db, string sql, params object[] values)
    {
        await using var command = db.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        await command.ExecuteNonQueryAsync();
    }

    private static async Task<Guid> KeyAsync(ApiHost host, TenantId tenant)
    {
        await using var command = host.Db.CreateCommand("select id from api_key where tenant_id = $1");
        command.Parameters.Add(new() { Value = tenant.Value });
        return (Guid)(await command.ExecuteScalarAsync())!;
    }
}

/// <summary>What <see cref="Seed.OneOfEachAsync"/> made.</summary>
internal sealed record SeededRows(Guid Channel, Guid Conversation, Guid Parked, Guid Turn, Guid Key, Guid Document, Guid Message, Guid Replay)
{
    public static SeededRows Unknown() => new(Seed.NewId(), Seed.NewId(), Seed.NewId(), Seed.NewId(), Seed.NewId(), Seed.NewId(), Seed.NewId(), Seed.NewId());

    public string Fill(string path) => path
        .Replace("{channel}", Channel.ToString(), StringComparison.Ordinal)
        .Replace("{conversation}", Conversation.ToString(), StringComparison.Ordinal)
        .Replace("{parked}", Parked.ToString(), StringComparison.Ordinal)
        .Replace("{message}", Message.ToString(), StringComparison.Ordinal)
        .Replace("{replay}", Replay.ToString(), StringComparison.Ordinal)
        .Replace("{document}", Document.ToString(), StringComparison.Ordinal)
        .Replace("{turn}", Turn.ToString(), StringComparison.Ordinal)
        .Replace("{key}", Key.ToString(), StringComparison.Ordinal);
}
