using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Core.Transcript;
using Channels.Storage.Batching;
using Channels.Storage.Database;
using Npgsql;

namespace Channels.Storage.Transcript;

/// <summary>The transcript's write side, on <see cref="AccountWriter"/>.</summary>
internal sealed class PostgresTranscript(AccountWriter writer, ChannelsDatabase database, TimeProvider clock) : ITranscript
{
    // A chat whose any alias is known belongs to that conversation; else it gets the proposed one. Whoever comes second with an alias learns the first one's.
    private const string Resolve = """
        with wanted as materialized (
          select * from unnest($3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[]) with ordinality
            as w (alias, proposed, chat_id, chat_type, contact_name, contact_phone, n)),
        known as materialized (
          select distinct on (w.proposed) w.proposed, a.conversation_id
          from wanted w join conversation_alias a on a.tenant_id = $1 and a.account_id = $2 and a.alias = w.alias
          order by w.proposed, w.n),
        held as (
          insert into conversation_alias (tenant_id, account_id, alias, conversation_id)
          select $1, $2, w.alias, coalesce(k.conversation_id, w.proposed) from wanted w left join known k on k.proposed = w.proposed order by w.alias
          on conflict (tenant_id, account_id, alias) do update set conversation_id = conversation_alias.conversation_id
          returning alias, conversation_id),
        made as (
          insert into conversation (tenant_id, account_id, id, chat_id, chat_type, contact_name, contact_phone, created_at)
          select distinct on (w.proposed) $1, $2, w.proposed, w.chat_id, w.chat_type, w.contact_name, w.contact_phone, $9
          from wanted w join held h on h.alias = w.alias and h.conversation_id = w.proposed
          order by w.proposed, w.n
          on conflict do nothing)
        select alias, conversation_id from held
        """;

    private const string Move = """
        update conversation set chat_id = $4, contact_phone = case when contact_phone = $3 then $4 else contact_phone end where tenant_id = $1 and id = $2 and chat_id = $3
        """;

    /// <inheritdoc/>
    public async Task<RecordResult> RecordAsync(AccountBatch batch, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var operation = new RecordOperation(batch, now, now + batch.TakeoverPause);
        await writer.RunAsync(operation, cancellationToken);
        return operation.Result;
    }

    /// <inheritdoc/>
    public async Task<EchoResult> SettleEchoesAsync(TenantId tenant, AccountId account, DateTimeOffset now, TimeSpan takeoverPause, CancellationToken cancellationToken)
    {
        var operation = new SettleEchoesOperation(tenant, account, now, now + takeoverPause);
        await writer.RunAsync(operation, cancellationToken);
        return operation.Result;
    }

    /// <inheritdoc/>
    public async Task<ImmutableArray<ResolvedChat>> ResolveAsync(
        TenantId tenant, AccountId account, ImmutableArray<ChatSighting> chats, CancellationToken cancellationToken)
    {
        // One row per alias: an insert may not meet the same alias twice.
        var aliases = chats.SelectMany(chat => chat.Aliases.Select(alias => (Alias: alias, Chat: chat))).DistinctBy(pair => pair.Alias).ToList();
        return await StoreFaults.GuardAsync(async () =>
        {
            await using var command = database.Requests.CreateCommand(Resolve);
            command.Parameters.Add(new NpgsqlParameter { Value = tenant.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = account.Value });
            command.Parameters.Add(Columns.Texts(aliases, pair => pair.Alias));
            command.Parameters.Add(Columns.Uuids(aliases, pair => pair.Chat.Proposed.Value));
            command.Parameters.Add(Columns.Texts(aliases, pair => pair.Chat.Aliases[0]));
            command.Parameters.Add(Columns.Texts(aliases, pair => pair.Chat.ChatType));
            command.Parameters.Add(Columns.Texts(aliases, pair => pair.Chat.ContactName));
            command.Parameters.Add(Columns.Texts(aliases, pair => pair.Chat.ContactPhone));
            command.Parameters.Add(new NpgsqlParameter { Value = clock.GetUtcNow() });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var resolved = ImmutableArray.CreateBuilder<ResolvedChat>(aliases.Count);
            while (await reader.ReadAsync(cancellationToken))
            {
                resolved.Add(new ResolvedChat(reader.GetString(0), new ConversationId(reader.GetGuid(1))));
            }

            return resolved.ToImmutable();
        });
    }

    /// <inheritdoc/>
    public Task<bool> MoveAsync(ConversationRef conversation, string from, string to, CancellationToken cancellationToken) => StoreFaults.GuardAsync(async () =>
    {
        await using var command = database.Requests.CreateCommand(Move);
        command.Parameters.Add(new NpgsqlParameter { Value = conversation.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter { Value = conversation.Conversation.Value });
        command.Parameters.Add(new NpgsqlParameter { Value = from });
        command.Parameters.Add(new NpgsqlParameter { Value = to });
        return await command.ExecuteNonQueryAsync(cancellationToken) > 0;
    });

    /// <inheritdoc/>
    public async Task MergeAsync(ConversationRef kept, ConversationId gone, CancellationToken cancellationToken)
    {
        MergeOperation operation;
        do
        {
            operation = new MergeOperation(kept, gone);
            await writer.RunAsync(operation, cancellationToken);
        }
        while (!operation.IsDone);
    }
}
