using System.Net;
using Channels.Bench.Load;
using Channels.Bench.Sides;
using Channels.Bench.Telling;

namespace Channels.Bench;

/// <summary>What an account costs in memory while it sits idle: before its first webhook, after it, and once its grains were collected.</summary>
internal static class MemoryBench
{
    // The shortest that the product takes; idle grains are looked for once a minute.
    private static readonly TimeSpan _age = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan _quantum = TimeSpan.FromMinutes(1);

    public static async Task<int> RunAsync(Options options, CancellationToken cancellationToken)
    {
        var accounts = options.Number("accounts", 10_000);
        Console.WriteLine("== memory: idle accounts ==");
        var heap = new Heap(Path.Combine(Path.GetTempPath(), $"channels-heap-{Environment.ProcessId}"));
        await using var product = await Product.StartAsync(
            options, new Dictionary<string, string>(heap.Environment) { ["Channels__CollectionAge"] = _age.ToString() }, cancellationToken);
        await Conditions.PrintAsync(product, cancellationToken);
        Conditions.Line("accounts", $"{accounts:N0} record-only channels of one tenant, written into the database; each gets one webhook, then none");
        Conditions.Line("memory", "after full compacting collections; managed: in use; resident: the product's process, code included, its Postgres not");
        Conditions.Line("idle", $"grains without work for {_age.TotalMinutes:0} minutes are collected (Channels__CollectionAge); waited for {(_age + (2 * _quantum)).TotalMinutes:0} minutes after the last was done");
        await using var seeding = Seeding.Of(product);
        var tenant = await product.AddTenantAsync("memory", cancellationToken);
        var channels = await seeding.AddChannelsAsync(tenant, "idle", accounts, _ => "active", cancellationToken);
        await seeding.AnalyseAsync(cancellationToken);

        // Code is compiled and pools are filled by a few first: that is no account's cost.
        var first = channels[..Math.Min(100, accounts / 10)];
        var errors = await WakeAsync(product, first, 0, cancellationToken);
        await DrainedAsync(product, first.Count, cancellationToken);
        var before = await heap.CollectAsync(product.Process, cancellationToken);
        errors += await WakeAsync(product, channels[first.Count..], first.Count, cancellationToken);
        await DrainedAsync(product, accounts, cancellationToken);
        var awake = await heap.CollectAsync(product.Process, cancellationToken);
        await Task.Delay(_age + (2 * _quantum), cancellationToken);
        var idle = await heap.CollectAsync(product.Process, cancellationToken);

        var woken = accounts - first.Count;
        var table = new Table("state", "managed MB", "committed MB", "resident MB", "managed bytes/account", "resident bytes/account");
        Row(table, $"before ({first.Count} awake)", before, before, woken);
        Row(table, "awake, each after one webhook", awake, before, woken);
        Row(table, "after idle collection", idle, before, woken);
        table.Print();
        var ledger = await product.LedgerAsync(cancellationToken);
        var complete = errors == 0 && ledger.Recorded == accounts && ledger.Parked == 0;
        Console.WriteLine($"errors: {errors}; {ledger.Recorded:N0} of {accounts:N0} webhooks recorded: {(complete ? "nothing lost" : "NOT COMPLETE")}");
        return complete ? 0 : 1;
    }

    private static async Task<int> WakeAsync(Product product, List<BenchChannel> channels, int firstNumber, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = product.Address };
        var errors = 0;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, channels.Count), new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken }, async (i, token) =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, $"/webhooks/evolution/{channels[i].Id}") { Content = new ByteArrayContent(WebhookTemplate.Body(firstNumber + i, firstNumber + i)) };
                request.Headers.Add("apikey", channels[i].Secret);
                using var answer = await http.SendAsync(request, token);
                if (answer.StatusCode != HttpStatusCode.OK)
                {
                    Interlocked.Increment(ref errors);
                }
            });
        return errors;
    }

    private static async Task DrainedAsync(Product product, long finished, CancellationToken cancellationToken)
    {
        if (await product.DrainedAsync(finished, TimeSpan.FromMinutes(5), cancellationToken) is null)
        {
            throw new InvalidOperationException($"Not all of {finished} webhooks were done with after five minutes: {await product.LedgerAsync(cancellationToken)}");
        }
    }

    private static void Row(Table table, string state, HeapUse use, HeapUse before, int accounts) => table.Add(
        state, Megabytes(use.Managed), Megabytes(use.Committed), Megabytes(use.Resident),
        use == before ? "" : Table.Number((use.Managed - before.Managed) / (double)accounts), use == before ? "" : Table.Number((use.Resident - before.Resident) / (double)accounts));

    private static string Megabytes(long bytes) => Table.Number(bytes / (1024.0 * 1024), "N1");
}
