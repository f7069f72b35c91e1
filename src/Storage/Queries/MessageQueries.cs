using System.Text.Json;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Core.Transcript;
using Channels.Storage.Channels;
using Channels.Storage.Paging;
using Channels.Storage.Tenancy;
using Npgsql;

namespace Channels.Storage.Queries;

/// <summary>A conversation's messages, the newest first to be found and the oldest first to be read.</summary>
public sealed class MessageQueries(TenantScope scope)
{
    // While a send is under way only the outbox knows: writing 'sending' to the transcript would cost every reply a second write.
    private const string Columns = """
        m.id, m.outbound, m.author, m.kind, m.text,
        case when m.status in ('queued', 'sending') and o.state = 1 then 'sending'
             when m.status in ('queued', 'sending') and o.state = 2 then 'unknown'
             else m.status end,
        m.reason, m.provider_message_id, m.sender_id, m.sender_name, m.possibly_duplicate or coalesce(o.possibly_duplicate, false),
        m.occurred_at, m.status_at, m.edited_at, m.details::text,
        o.state, o.attempts, o.next_attempt_at, o.sending_since, o.reason, o.looked_up_at, o.look_up_answer, (select suspended_at from tenant where id = $1), o.queued_at
        """;

    private const string Newest = $"""
        select {Columns}
        from transcript m
        left join outbox o on o.tenant_id = m.tenant_id and o.account_id = m.account_id and o.message_id = m.id
        where m.tenant_id = $1 and m.conversation_id = $2
        order by m.id desc limit $3 offset $4
        """;

    private const string Count = """
        select count(*) from transcript where tenant_id = $1 and conversation_id = $2
        """;

    // No index leads by a message's id: it is looked for under each channel, by primary key. Nobody needs to know a position beyond the thousandth.
    private const string One = $"""
        select {Columns}, m.account_id, m.conversation_id,
               case when o.state <> 2 then (
                 select count(*) from (select from outbox q where q.tenant_id = $1 and q.account_id = m.account_id and q.state <> 2 and q.message_id <= m.id limit 1000) as ahead) end
        from account a
        cross join lateral (select * from transcript where tenant_id = $1 and account_id = a.id and id = $2 limit 1) as m
        left join outbox o on o.tenant_id = $1 and o.account_id = m.account_id and o.message_id = m.id
        where a.tenant_id = $1 limit 1
        """;

    // A reply of unknown outcome stays in the outbox until somebody or something says what became of it; so long nothing of it is looked for elsewhere.
    private const string Unknown = $"""
        with page as materialized (
          select account_id, message_id from outbox
          where tenant_id = $1 and state = 2 and ($2::uuid is null or account_id = $2)
          order by message_id desc limit $3 offset $4)
        select {Columns}, m.account_id, m.conversation_id, null::bigint
        from page p
        join transcript m on m.tenant_id = $1 and m.account_id = p.account_id and m.id = p.message_id
        left join outbox o on o.tenant_id = $1 and o.account_id = p.account_id and o.message_id = p.message_id
        order by m.id desc
        """;

    private const string CountUnknown = """
        select count(*) from outbox where tenant_id = $1 and state = 2 and ($2::uuid is null or account_id = $2)
        """;

    private const string Own = """
        select outbound, sender_id, details ->> 'sender_lid', details ->> 'addressing_mode'
        from transcript where tenant_id = $1 and conversation_id = $2 and provider_message_id = $3 order by id desc limit 1
        """;

    /// <summary>Who wrote the message that the provider knows by this id; null when the conversation has none of it.</summary>
    public async Task<MessageWriter?> WriterAsync(TenantId tenant, ConversationId conversation, string providerMessageId, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(tenant, [Sql.Statement(Own, tenant.Value, conversation.Value, providerMessageId)], cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadAsync(cancellationToken) ? MessageWriter.Of(rows.GetBoolean(0), rows.Text(1), rows.Text(2), rows.Text(3)) : null;
    }

    /// <summary>One message, wherever it is; null when the tenant has none of that id.</summary>
    public async Task<PlacedMessage?> FindAsync(TenantId tenant, MessageId message, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(tenant, [Sql.Statement(One, tenant.Value, message.Value)], cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadAsync(cancellationToken) ? ReadPlaced(rows) : null;
    }

    /// <summary>The messages of ours whose outcome is open, newest first; of one channel or all. Costs by what is in the outbox, not by what was ever sent.</summary>
    public async Task<Paged<PlacedMessage>> ListUnknownAsync(TenantId tenant, AccountId? account, Page page, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(
            tenant,
            [
                Sql.Statement(Unknown, tenant.Value, account?.Value, page.Limit, page.Offset),
                Sql.Statement(CountUnknown, tenant.Value, account?.Value),
            ],
            cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadPageAsync(ReadPlaced, cancellationToken);
    }

    /// <summary>Page 1 holds the newest messages; within a page the oldest comes first.</summary>
    public async Task<Paged<MessageRow>> ListAsync(TenantId tenant, ConversationId conversation, Page page, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(
            tenant,
            [
                Sql.Statement(Newest, tenant.Value, conversation.Value, page.Limit, page.Offset),
                Sql.Statement(Count, tenant.Value, conversation.Value),
            ],
            cancellationToken);
        var rows = reading.Rows;
        var newestFirst = await rows.ReadPageAsync(Read, cancellationToken);
        return newestFirst with { Items = [.. newestFirst.Items.Reverse()] };
    }

    private static PlacedMessage ReadPlaced(NpgsqlDataReader row) => new(
        Read(row), new AccountId(row.GetGuid(24)), new ConversationId(row.GetGuid(25)),
        row.IsDBNull(26) ? null : new QueuePlace((int)row.GetInt64(26), row.GetInt32(16), row.GetFieldValue<DateTimeOffset>(17), row.Text(19)));

    private static MessageRow Read(NpgsqlDataReader row) => new(
        new MessageId(row.GetGuid(0)), row.GetBoolean(1), (Author)row.GetInt16(2), row.GetString(3), row.Text(4), row.GetString(5), row.Text(6), row.Text(7),
        row.Text(8), row.Text(9), row.GetBoolean(10), row.GetFieldValue<DateTimeOffset>(11), row.Moment(12), row.Moment(13),
        row.Text(14) is { } details ? JsonText.Parse(details) : null)
    {
        Unsettled = row.IsDBNull(15)
            ? null
            : new((OutboxState)row.GetInt16(15), row.GetFieldValue<DateTimeOffset>(17), row.Moment(18), row.Text(19), row.Moment(20), row.Text(21), row.Moment(23)),
        Attempts = row.IsDBNull(16) ? 0 : row.GetInt32(16),
        SuspendedAt = row.Moment(22),
    };
}

/// <summary>Who wrote a message.</summary>
/// <param name="IsOwn">Our side.</param>
/// <param name="Sender">Otherwise the provider's id of the person, as the chat knows its members; null where it is not known.</param>
public sealed record MessageWriter(bool IsOwn, string? Sender)
{
    /// <summary>Groups of WhatsApp know their members by number or by hidden id, and what answers one of them must name it in that form.</summary>
    internal static MessageWriter Of(bool outbound, string? sender, string? hidden, string? mode) => new(outbound, outbound ? null : mode == "lid" ? hidden ?? sender : sender);
}

/// <summary>A message as its tenant reads it.</summary>
public sealed record MessageRow(
    MessageId Id, bool Outbound, Author Author, string Kind, string? Text, string Status, string? Reason, string? ProviderMessageId, string? SenderId,
    string? SenderName, bool PossiblyDuplicate, DateTimeOffset OccurredAt, DateTimeOffset? StatusAt, DateTimeOffset? EditedAt, JsonElement? Details)
{
    /// <summary>Set while it is in the outbox.</summary>
    public UnsettledReply? Unsettled { get; init; }

    /// <summary>Attempts to send it, while it is in the outbox.</summary>
    public int Attempts { get; init; }

    /// <summary>Since when its tenant is stopped; null when it is not.</summary>
    public DateTimeOffset? SuspendedAt { get; init; }

    /// <summary>Who wrote it.</summary>
    public MessageWriter Writer => MessageWriter.Of(Outbound, SenderId, Detail("sender_lid"), Detail("addressing_mode"));

    private string? Detail(string name) =>
        Details is { ValueKind: JsonValueKind.Object } details && details.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>A message and where it is.</summary>
/// <param name="Message">The message.</param>
/// <param name="Account">Its account.</param>
/// <param name="Conversation">Its conversation.</param>
/// <param name="Queue">Set while it waits to be sent.</param>
public sealed record PlacedMessage(MessageRow Message, AccountId Account, ConversationId Conversation, QueuePlace? Queue);

/// <summary>Where a message stands that waits to be sent.</summary>
/// <param name="Position">1 for the next of its account; 1000 for that and everything behind.</param>
/// <param name="Attempts">Attempts made.</param>
/// <param name="NextAttemptAt">Not sent before.</param>
/// <param name="Reason">How the last attempt ended.</param>
public sealed record QueuePlace(int Position, int Attempts, DateTimeOffset NextAttemptAt, string? Reason);
