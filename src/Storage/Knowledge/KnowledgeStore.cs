using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Channels.Core.Ids;
using Channels.Core.Knowledge;
using Channels.Core.Text;
using Channels.Storage.Paging;
using Channels.Storage.Tenancy;
using Npgsql;

namespace Channels.Storage.Knowledge;

/// <summary>A tenant's documents and their passages, always written together.</summary>
public sealed class KnowledgeStore(TenantScope scope, TimeProvider clock)
{
    private const string Columns = "id, collection, title, language, configuration, format, passages, content_hash, created_at, updated_at";

    // A repetition by the same id changes nothing, and is told from another document of the same title by looking.
    private const string Insert = """
        insert into knowledge_document (tenant_id, id, collection, title, language, configuration, format, content, content_hash, passages, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
        on conflict do nothing
        """;

    private const string InsertPassages = """
        insert into knowledge_passage (tenant_id, document_id, position, collection, configuration, headings, text, search)
        select $1, $2, p.position, $3, $5, p.headings, p.text, setweight(knowledge_index($5, p.headings || ' ' || $4), 'A') || knowledge_index($5, p.text)
        from unnest($6::text[], $7::text[]) with ordinality as p (headings, text, position)
        """;

    private const string Lock = """
        select 1 from knowledge_document where tenant_id = $1 and id = $2 for update
        """;

    private const string Update = """
        update knowledge_document set collection = $3, title = $4, language = $5, configuration = $6, format = $7, content = $8, content_hash = $9, passages = $10, updated_at = $11
        where tenant_id = $1 and id = $2
        """;

    private const string DeletePassages = """
        delete from knowledge_passage where tenant_id = $1 and document_id = $2
        """;

    // Its passages go with it.
    private const string Delete = """
        delete from knowledge_document where tenant_id = $1 and id = $2
        """;

    private const string Select = $"""
        select {Columns}, content from knowledge_document where tenant_id = $1 and id = $2
        """;

    private const string List = $"""
        select {Columns}, null::text from knowledge_document
        where tenant_id = $1 and ($2::text is null or collection = $2) and ($3::text is null or title ilike $3)
        order by collection, title limit $4 offset $5
        """;

    private const string Count = """
        select count(*) from knowledge_document
        where tenant_id = $1 and ($2::text is null or collection = $2) and ($3::text is null or title ilike $3)
        """;

    /// <summary>Keeps a new document. Repeated with the same id it is kept once.</summary>
    public async Task<KnowledgeWrite> AddAsync(TenantId tenant, Guid id, KnowledgeDraft draft, CancellationToken cancellationToken)
    {
        await using (var work = await scope.BeginAsync(tenant, cancellationToken))
        {
            if (await work.ExecuteAsync(Insert, cancellationToken, Values(tenant, id, draft)) == 1)
            {
                await AddPassagesAsync(work, tenant, id, draft, cancellationToken);
            }

            await work.CommitAsync(cancellationToken);
        }

        return await FindAsync(tenant, id, cancellationToken) is { } kept ? new KnowledgeWrite.Written(kept) : new KnowledgeWrite.TitleTaken();
    }

    /// <summary>Puts a document in another's place, under its id; searches see the one or the other, whole.</summary>
    public async Task<KnowledgeWrite> ReplaceAsync(TenantId tenant, Guid id, KnowledgeDraft draft, CancellationToken cancellationToken)
    {
        await using (var work = await scope.BeginAsync(tenant, cancellationToken))
        {
            // Held until the end: two replacements at once come one after the other, never mixed.
            await using (var found = await work.QueryAsync(Lock, cancellationToken, tenant.Value, id))
            {
                if (!await found.ReadAsync(cancellationToken))
                {
                    return new KnowledgeWrite.Unknown();
                }
            }

            try
            {
                await work.ExecuteAsync(Update, cancellationToken, Values(tenant, id, draft));
            }
            catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
            {
                return new KnowledgeWrite.TitleTaken();
            }

            await work.ExecuteAsync(DeletePassages, cancellationToken, tenant.Value, id);
            await AddPassagesAsync(work, tenant, id, draft, cancellationToken);
            await work.CommitAsync(cancellationToken);
        }

        return await FindAsync(tenant, id, cancellationToken) is { } kept ? new KnowledgeWrite.Written(kept) : new KnowledgeWrite.Unknown();
    }

    /// <summary>Takes a document away. False when the tenant has no such document.</summary>
    public async Task<bool> DeleteAsync(TenantId tenant, Guid id, CancellationToken cancellationToken) =>
        await scope.ExecuteAsync(tenant, Sql.Statement(Delete, tenant.Value, id), cancellationToken) == 1;

    /// <summary>One document with its content, or null.</summary>
    public async Task<KnowledgeDocument?> FindAsync(TenantId tenant, Guid id, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(tenant, [Sql.Statement(Select, tenant.Value, id)], cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadAsync(cancellationToken) ? Read(rows) : null;
    }

    /// <summary>Documents without their content, by collection and title.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="collection">Of one collection; null for all.</param>
    /// <param name="search">Found in the title; null for all.</param>
    /// <param name="page">Which part of the list.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<Paged<KnowledgeDocument>> ListAsync(TenantId tenant, string? collection, string? search, Page page, CancellationToken cancellationToken)
    {
        var pattern = PagedReading.Containing(search);
        await using var reading = await scope.QueryAsync(
            tenant,
            [Sql.Statement(List, tenant.Value, collection, pattern, page.Limit, page.Offset), Sql.Statement(Count, tenant.Value, collection, pattern)],
            cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadPageAsync(Read, cancellationToken);
    }

    /// <summary>What an agent would find, and with what match.</summary>
    public async Task<ImmutableArray<KnowledgePassage>> SearchAsync(TenantId tenant, KnowledgeQuery query, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(tenant, [SearchSql.Statement(tenant.Value, query)], cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadAllAsync(SearchSql.Read, cancellationToken);
    }

    private object?[] Values(TenantId tenant, Guid id, KnowledgeDraft draft)
    {
        var content = Scrub.Clean(draft.Content);
        return
        [
            tenant.Value, id, Scrub.Clean(draft.Collection), Scrub.Clean(draft.Title), draft.Language, Languages.ConfigurationOf(draft.Language),
            draft.Format == DocumentFormat.Markdown ? "markdown" : "text", content, SHA256.HashData(Encoding.UTF8.GetBytes(content)), draft.Passages.Length, clock.GetUtcNow(),
        ];
    }

    private static Task<int> AddPassagesAsync(TenantWork work, TenantId tenant, Guid id, KnowledgeDraft draft, CancellationToken cancellationToken) => work.ExecuteAsync(
        InsertPassages, cancellationToken, tenant.Value, id, Scrub.Clean(draft.Collection), Scrub.Clean(draft.Title), Languages.ConfigurationOf(draft.Language),
        draft.Passages.Select(passage => passage.Headings).ToArray(), draft.Passages.Select(passage => passage.Text).ToArray());

    private static KnowledgeDocument Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5) == "markdown" ? DocumentFormat.Markdown : DocumentFormat.Text,
        row.GetInt32(6), row.GetFieldValue<byte[]>(7), row.GetFieldValue<DateTimeOffset>(8), row.GetFieldValue<DateTimeOffset>(9), row.Text(10));
}
