using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Storage.Tenancy;

namespace Channels.Storage.Queries;

/// <summary>A tenant's turns that are answered through the API.</summary>
public sealed class LateTurnQueries(TenantScope scope)
{
    // A turn without a row of its own may have been asked this moment: its answer can overtake the word that it comes later. Few turns wait at any time.
    private const string Select = """
        with late as materialized (
          select account_id, conversation_id, state, answer_by, answer_hash from late_turn where tenant_id = $1 and turn_id = $2)
        select account_id, conversation_id, state, answer_by, answer_hash from late
        union all
        select account_id, conversation_id, null, null, null from turn where tenant_id = $1 and message_id = $2 and not exists (select from late)
        """;

    /// <summary>The turn of that id, or null when the tenant has none that is, was or could be open.</summary>
    public async Task<LateTurnRow?> FindAsync(TenantId tenant, Guid turn, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(tenant, [Sql.Statement(Select, tenant.Value, turn)], cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadAsync(cancellationToken)
            ? new(
                new(tenant, new(rows.GetGuid(0)), new(rows.GetGuid(1))),
                rows.IsDBNull(2) ? null : new((LateTurnState)rows.GetInt16(2), rows.GetFieldValue<DateTimeOffset>(3), rows.Bytes(4)))
            : null;
    }
}

/// <summary>A turn that may be answered later, and where it stands.</summary>
/// <param name="Conversation">Where it belongs.</param>
/// <param name="Late">Null while nobody has said that its answer comes later.</param>
public sealed record LateTurnRow(ConversationRef Conversation, LateEnding? Late);
