using System.Text.Json;
using Channels.Core.Ids;
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
    private const string Newest = """
        select m.id, m.outbound, m.author, m.kind, m.text,
               case when m.status in ('queued', 'sending') and o.state = 1 then 'sending'
                    when m.status in ('queued', 'sending') and o.state = 2 then 'unknown'
                    else m.status end,
               m.reason, m.provider_message_id, m.sender_id, m.sender_name, m.possibly_duplicate or coalesce(o.possibly_duplicate, false),
               m.occurred_at, m.status_at, m.edited_at, m.details::text
        from transcript m
        left join outbox o on o.tenant_id = m.tenant_id and o.account_id = m.account_id and o.message_id = m.id
        where m.tenant_id = $1 and m.conversation_id = $2
        order by m.id desc limit $3 offset $4
        """;

    private const string Count = """
        select count(*) from transcript where tenant_id = $1 and conversation_id = $2
        """;

    /// <summary>Page 1 holds the newest messages; within a page the oldest comes first.</summary>
    public async Task<Paged<MessageRow>> ListAsync(TenantId tenant, ConversationId conversation, Page page, CancellationToken cancellationToken)
    {
        await using var rows = await scope.QueryAsync(
            tenant,
            [
                Sql.Statement(Newest, tenant.Value, conversation.Value, page.Limit, page.Offset),
                Sql.Statement(Count, tenant.Value, conversation.Value),
            ],
            cancellationToken);
        var newestFirst = await rows.ReadPageAsync(Read, cancellationToken);
        return newestFirst with { Items = [.. newestFirst.Items.Reverse()] };
    }

    private static MessageRow Read(NpgsqlDataReader row) => new(
        new MessageId(row.GetGuid(0)), row.GetBoolean(1), (Author)row.GetInt16(2), row.GetString(3), row.Text(4), row.GetString(5), row.Text(6), row.Text(7),
        row.Text(8), row.Text(9), row.GetBoolean(10), row.GetFieldValue<DateTimeOffset>(11), row.Moment(12), row.Moment(13),
        row.Text(14) is { } details ? JsonText.Parse(details) : null);
}

/// <summary>A message as its tenant reads it.</summary>
public sealed record MessageRow(
    MessageId Id, bool Outbound, Author Author, string Kind, string? Text, string Status, string? Reason, string? ProviderMessageId, string? SenderId,
    string? SenderName, bool PossiblyDuplicate, DateTimeOffset OccurredAt, DateTimeOffset? StatusAt, DateTimeOffset? EditedAt, JsonElement? Details);
