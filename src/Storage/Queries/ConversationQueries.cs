using System.Collections.Immutable;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Storage.Paging;
using Channels.Storage.Tenancy;
using Npgsql;

namespace Channels.Storage.Queries;

/// <summary>A tenant's conversations, for people and programs to read.</summary>
public sealed class ConversationQueries(TenantScope scope, TimeProvider clock)
{
    private const string Columns = """
        v.id, v.account_id, v.chat_id, v.chat_type, v.contact_name, v.contact_phone, v.contact_avatar_url, v.prompt_context, v.paused_until, v.created_at,
        v.last_message_at, array(select l.alias from conversation_alias l
                                 where l.tenant_id = v.tenant_id and l.account_id = v.account_id and l.conversation_id = v.id order by l.alias),
        v.contact_wrote_at, out_of_reach_since(v.unreachable_since, v.contact_wrote_at), v.unreachable_reason
        """;

    private const string Listed = """
        from conversation v
        where v.tenant_id = $1 and ($2::uuid is null or v.account_id = $2) and v.merged_into is null
          and ($3::text is null or v.search like (select lower($3)))
        """;

    // Aliases are looked up for the page alone, not for all that stands before it.
    private const string List = $"""
        with page as materialized (
          select v.id {Listed}
          order by v.last_message_at desc nulls last, v.id desc limit $4 offset $5)
        select {Columns} from page p join conversation v on v.tenant_id = $1 and v.id = p.id
        order by v.last_message_at desc nulls last, v.id desc
        """;

    private const string Count = $"""
        select count(*) {Listed}
        """;

    // A conversation that was merged answers as the one it went into.
    private const string Select = $"""
        select {Columns} from conversation v
        where v.tenant_id = $1 and v.id = coalesce((select m.merged_into from conversation m where m.tenant_id = $1 and m.id = $2), $2)
        """;

    private const string ByAlias = "select conversation_id from conversation_alias where tenant_id = $1 and account_id = $2 and alias = $3";

    private const string Wait = """
        select u.message_id, u.answer_by, f.turn_waits_until, f.reason
        from turn u
        left join media_fetch f on f.tenant_id = u.tenant_id and f.account_id = u.account_id and f.message_id = u.message_id
        where u.tenant_id = $1 and u.account_id = $2 and u.conversation_id = $3 and (u.answer_by > $4 or f.turn_waits_until > $4)
        order by u.message_id limit 1
        """;

    /// <summary>Conversations, the one with the newest message first.</summary>
    public async Task<Paged<ConversationRow>> ListAsync(TenantId tenant, AccountId? account, string? search, Page page, CancellationToken cancellationToken)
    {
        var pattern = PagedReading.Containing(search);
        await using var reading = await scope.QueryAsync(
            tenant,
            [
                Sql.Statement(List, tenant.Value, account?.Value, pattern, page.Limit, page.Offset),
                Sql.Statement(Count, tenant.Value, account?.Value, pattern),
            ],
            cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadPageAsync(Read, cancellationToken);
    }

    /// <summary>One conversation, or null.</summary>
    public async Task<ConversationRow?> FindAsync(TenantId tenant, ConversationId conversation, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(tenant, [Sql.Statement(Select, tenant.Value, conversation.Value)], cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadAsync(cancellationToken) ? Read(rows) : null;
    }

    /// <summary>The account's conversation with whom the provider knows by this id; null when there is none yet.</summary>
    public async Task<ConversationId?> FindByAliasAsync(TenantId tenant, AccountId account, string alias, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(tenant, [Sql.Statement(ByAlias, tenant.Value, account.Value, alias)], cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadAsync(cancellationToken) ? new ConversationId(rows.GetGuid(0)) : null;
    }

    /// <summary>What the conversation's next answer waits for; null when it waits for nothing but its agent.</summary>
    public async Task<ConversationWait?> WaitOfAsync(TenantId tenant, ConversationRow conversation, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(
            tenant, [Sql.Statement(Wait, tenant.Value, conversation.Account.Value, conversation.Id.Value, clock.GetUtcNow())], cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadAsync(cancellationToken) ? new ConversationWait(new(rows.GetGuid(0)), rows.Moment(1), rows.Moment(2), rows.Text(3)) : null;
    }

    private ConversationRow Read(NpgsqlDataReader row)
    {
        var pausedUntil = row.Moment(8);
        return new(
            new(row.GetGuid(0)), new(row.GetGuid(1)), row.GetString(2), row.GetString(3), row.Text(4), row.Text(5), row.Text(6), row.Text(7),
            pausedUntil > clock.GetUtcNow() ? pausedUntil : null, row.GetFieldValue<DateTimeOffset>(9), row.Moment(10), [.. row.GetFieldValue<string[]>(11)], row.Moment(12),
            row.Moment(13) is { } since ? new OutOfReach(since, row.Text(14) ?? "") : null);
    }
}

/// <summary>A conversation as its tenant reads it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Account">The channel it belongs to.</param>
/// <param name="ChatId">Where messages go, in the provider's form.</param>
/// <param name="ChatType"><c>direct, group</c>…</param>
/// <param name="ContactName">The contact's name, where known.</param>
/// <param name="ContactPhone">Digits, where known.</param>
/// <param name="ContactAvatarUrl">A picture, where known.</param>
/// <param name="PromptContext">Free text for the agent.</param>
/// <param name="PausedUntil">The agent keeps silent until then; null when it may speak.</param>
/// <param name="CreatedAt">When the first message came.</param>
/// <param name="LastMessageAt">When the newest came or went.</param>
/// <param name="Aliases">Every id the contact is known by.</param>
/// <param name="ContactWroteAt">When the contact last wrote, by the provider's time; null where that is not known.</param>
/// <param name="OutOfReach">Set when the contact cannot be written to, as far as the provider has told.</param>
public sealed record ConversationRow(
    ConversationId Id, AccountId Account, string ChatId, string ChatType, string? ContactName, string? ContactPhone, string? ContactAvatarUrl,
    string? PromptContext, DateTimeOffset? PausedUntil, DateTimeOffset CreatedAt, DateTimeOffset? LastMessageAt, ImmutableArray<string> Aliases,
    DateTimeOffset? ContactWroteAt = null, OutOfReach? OutOfReach = null);

/// <summary>What a conversation's next answer waits for: one of the two moments is set.</summary>
/// <param name="Message">The message that is to be answered.</param>
/// <param name="AnswerBy">Its agent took it, and may answer until then.</param>
/// <param name="FileBy">Its file is being fetched, and waited for until then.</param>
/// <param name="FileTrouble">What the last attempt to fetch it came to.</param>
public sealed record ConversationWait(MessageId Message, DateTimeOffset? AnswerBy, DateTimeOffset? FileBy, string? FileTrouble);
