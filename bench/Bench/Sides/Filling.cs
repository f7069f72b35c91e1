using System.Globalization;
using Channels.Storage.Maintenance;
using Npgsql;

namespace Channels.Bench.Sides;

/// <summary>Fills a product's transcript with messages of the past and with the keys that hold their duplicates off, as if they had come through it.</summary>
/// <remarks>
/// They belong to the conversations there are, in turn, spread evenly over the days before today; three of ten are replies. Their provider's ids are random.
/// Written in the order of time, without waiting for the disk and without page images: only what lies there afterwards matters, and it is all on the disk before anything is measured.
/// </remarks>
internal static class Filling
{
    private const int Chunk = 250_000;

    // Bytes 7 and 9 of a UUIDv7 have its version and variant; the rest behind the milliseconds may be anything.
    private const string Helper = """
        create or replace function pg_temp.id_of(n bigint, total bigint, days int) returns uuid language sql stable as $f$
          select (lpad(to_hex(((extract(epoch from date_trunc('day', now())) - days * 86400.0 + n * (days * 86400.0 / total)) * 1000)::bigint), 12, '0')
                  || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 5, 15))::uuid
        $f$;
        create temp table talk as select (row_number() over (order by md5(id::text)) - 1) as n, tenant_id, account_id, id from conversation;
        create unique index on talk (n);
        analyze talk
        """;

    private const string Messages = """
        insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, provider_message_id, text, status, sender_id, sender_name, occurred_at, status_at)
        select t.tenant_id, t.account_id, pg_temp.id_of(s.n, $3, $4), t.id, s.n % 10 < 3, case when s.n % 10 < 3 then 1 else 0 end, 'message.text',
               '3C' || upper(substr(md5('m' || s.n), 1, 18)), rpad('text ' || s.n, 20 + (s.n * 7919 % 130)::int, ' lorem ipsum dolor sit amet'),
               case when s.n % 10 < 3 then 'read' else 'received' end, case when s.n % 10 >= 3 then '447700900321@s.whatsapp.net' end, case when s.n % 10 >= 3 then 'Mira Holt' end,
               now(), case when s.n % 10 < 3 then now() end
        from generate_series($1::bigint, $2::bigint - 1) as s (n) join talk t on t.n = s.n % (select count(*) from talk)
        order by s.n
        """;

    private const string Keys = """
        insert into message_key (account_id, provider_message_id, conversation_id, key_class, revision, message_id)
        select t.account_id, '3C' || upper(substr(md5('m' || s.n), 1, 18)), t.id, 'message', '', pg_temp.id_of(s.n, $3, $4)
        from generate_series($1::bigint, $2::bigint - 1) as s (n) join talk t on t.n = s.n % (select count(*) from talk)
        order by s.n
        """;

    /// <summary>Writes the rows; every conversation that shall get some must be there already.</summary>
    /// <param name="product">Where.</param>
    /// <param name="messages">How many.</param>
    /// <param name="days">Over how many days before today.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async Task FillAsync(Product product, int messages, int days, CancellationToken cancellationToken)
    {
        await using var db = NpgsqlDataSource.Create($"{product.ConnectionString};Options=-c synchronous_commit=off -c work_mem=256MB;Command Timeout=1800;Maximum Pool Size=4");
        for (var day = 0; day <= days; day += 7)
        {
            await TimePartitions.EnsureAsync(db, new Past(TimeSpan.FromDays(days - day)), cancellationToken);
        }

        await SetAsync(db, "full_page_writes", "off", cancellationToken);
        await Task.WhenAll(WriteAsync(db, Messages, messages, days, cancellationToken), WriteAsync(db, Keys, messages, days, cancellationToken));
        await SetAsync(db, "full_page_writes", null, cancellationToken);
        await product.RunAsync("vacuum (analyze)", cancellationToken);
        await product.RunAsync("checkpoint", cancellationToken);
    }

    private static async Task WriteAsync(NpgsqlDataSource db, string sql, int messages, int days, CancellationToken cancellationToken)
    {
        await using var connection = await db.OpenConnectionAsync(cancellationToken);
        await using (var helper = new NpgsqlCommand(Helper, connection))
        {
            await helper.ExecuteNonQueryAsync(cancellationToken);
        }

        for (var from = 0; from < messages; from += Chunk)
        {
            await using var insert = new NpgsqlCommand(sql, connection);
            insert.Parameters.Add(new NpgsqlParameter<long> { TypedValue = from });
            insert.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Math.Min(messages, from + Chunk) });
            insert.Parameters.Add(new NpgsqlParameter<long> { TypedValue = messages });
            insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = days });
            await insert.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    // Names and values are ours alone; neither can be a parameter.
    private static async Task SetAsync(NpgsqlDataSource db, string name, string? value, CancellationToken cancellationToken)
    {
        foreach (var sql in new[] { value is null ? $"alter system reset {name}" : string.Create(CultureInfo.InvariantCulture, $"alter system set {name} = '{value}'"), "select pg_reload_conf()" })
        {
            await using var command = db.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private sealed class Past(TimeSpan ago) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() - ago;
    }
}
