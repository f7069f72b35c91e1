using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Core.Knowledge;
using Channels.Storage.Database;
using Channels.Storage.Paging;
using Npgsql;

namespace Channels.Storage.Knowledge;

/// <summary>Searches for agents. Message path, step 5 of 6.</summary>
/// <remarks>As the owner of the tables, as the rest of the message path: behind row-level security Postgres may not use the index of words.</remarks>
internal sealed class PostgresKnowledge(NpgsqlDataSource db) : IKnowledge
{
    /// <inheritdoc/>
    public Task<ImmutableArray<KnowledgePassage>> SearchAsync(TenantId tenant, KnowledgeQuery query, CancellationToken cancellationToken) =>
        StoreFaults.GuardAsync(async () =>
        {
            await using var batch = db.CreateBatch();
            batch.BatchCommands.Add(SearchSql.Statement(tenant.Value, query));
            await using var rows = await batch.ExecuteReaderAsync(cancellationToken);
            return await rows.ReadAllAsync(SearchSql.Read, cancellationToken);
        });
}
