using Channels.Core.Knowledge;
using Channels.Core.Text;
using Npgsql;
using NpgsqlTypes;

namespace Channels.Storage.Knowledge;

/// <summary>The search itself, the same for agents and for who looks why an agent answered as it did.</summary>
/// <remarks>
/// The question is read once for each language its tenant's documents are in, as those documents were read. A passage that has one of its words is a
/// candidate; which of them are good enough is decided by how many of the words it has, not by the rank, whose numbers mean nothing between questions.
/// The rank orders equals and costs much for a long question: only those are ranked that can be among the answers.
/// </remarks>
internal static class SearchSql
{
    private const int LongestQuestion = 1000;

    private const string Text = """
        with said as (
          select c.configuration, tsvector_to_array(knowledge_words(c.configuration, $2)) as words
          from (select distinct configuration from knowledge_document where tenant_id = $1 and ($3::text[] is null or collection = any ($3))) c),
        asked as materialized (
          select configuration, words, knowledge_any_of(words) as query from said where cardinality(words) > 0),
        found as materialized (
          select p.document_id, p.position, a.configuration, (length(p.search) - length(ts_delete(p.search, a.words)))::float8 / cardinality(a.words) as match
          from asked a
          join knowledge_passage p on p.tenant_id = $1 and p.search @@ a.query and p.configuration = a.configuration
          where $3::text[] is null or p.collection = any ($3)),
        best as materialized (
          select d.id, d.collection, d.title, d.language, coalesce(split_part(d.language, '-', 1) = $6, false) as spoken, f.position, f.configuration, f.match
          from found f
          join knowledge_document d on d.tenant_id = $1 and d.id = f.document_id
          where f.match >= $5 and ($4::text is null or split_part(d.language, '-', 1) = $4)
          order by f.match desc, spoken desc
          fetch first ($7) rows with ties)
        select b.id, b.collection, b.title, b.language, p.headings, p.text, b.match, ts_rank_cd(p.search, a.query)::float8 as rank
        from best b
        join asked a on a.configuration = b.configuration
        join knowledge_passage p on p.tenant_id = $1 and p.document_id = b.id and p.position = b.position
        order by b.match desc, b.spoken desc, rank desc, b.id, b.position
        limit $7
        """;

    /// <summary>The statement with its values.</summary>
    public static NpgsqlBatchCommand Statement(Guid tenant, KnowledgeQuery query)
    {
        var question = Scrub.Clean(query.Question.Length > LongestQuestion ? query.Question[..LongestQuestion] : query.Question);
        return new NpgsqlBatchCommand(Text)
        {
            Parameters =
            {
                new() { Value = tenant },
                new() { Value = question },
                new() { Value = query.Collections.IsDefaultOrEmpty ? DBNull.Value : query.Collections.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
                Language(query.Language),
                new() { Value = query.MinMatch },
                Language(query.Locale),
                new() { Value = query.Most },
            },
        };
    }

    public static KnowledgePassage Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetDouble(6), row.GetDouble(7));

    private static NpgsqlParameter Language(string? tag) =>
        new() { Value = tag is null ? DBNull.Value : Scrub.Clean(Languages.PrimaryOf(tag)), NpgsqlDbType = NpgsqlDbType.Text };
}
