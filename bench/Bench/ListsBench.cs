using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Channels.Bench.Sides;
using Channels.Bench.Telling;

namespace Channels.Bench;

/// <summary>How long the API's lists take when a tenant has very many channels and conversations.</summary>
internal static class ListsBench
{
    private const int PageSize = 50;
    private const int OtherTenants = 5;
    private const int ChannelsOfOthers = 200;
    private const double Goal = 100;

    public static async Task<int> RunAsync(Options options, CancellationToken cancellationToken)
    {
        var count = options.Number("channels", 100_000);
        var talks = options.Number("conversations", 100_000);
        var repeats = options.Number("repeats", 100);
        Console.WriteLine("== lists: a tenant with very many channels and conversations ==");
        await using var product = await Product.StartAsync(options, cancellationToken);
        await Conditions.PrintAsync(product, cancellationToken);
        Conditions.Line("rows", $"{count:N0} channels and {talks:N0} conversations of one tenant, {OtherTenants} more tenants with {ChannelsOfOthers} channels each; vacuumed and analysed");
        Conditions.Line("asked", $"over HTTP by one client, one request at a time, {PageSize} rows a page, {repeats} times each after 3 times unmeasured");
        await using var seeding = Seeding.Of(product);
        var tenant = await product.AddTenantAsync("large", cancellationToken);
        // Most work; a fifth does not, in several ways.
        var channels = await seeding.AddChannelsAsync(tenant, "shop", count, i => (i % 20) switch { 0 or 1 => "pending", 2 => "disconnected", 3 => "error", _ => "active" }, cancellationToken);
        await seeding.AddConversationsAsync(tenant, channels, talks, cancellationToken);
        var small = tenant;
        for (var other = 0; other < OtherTenants; other++)
        {
            small = await product.AddTenantAsync($"other {other}", cancellationToken);
            await seeding.AddConversationsAsync(small, await seeding.AddChannelsAsync(small, $"other{other}", ChannelsOfOthers, _ => "active", cancellationToken), ChannelsOfOthers, cancellationToken);
        }

        await seeding.AnalyseAsync(cancellationToken);
        using var large = product.Client(tenant);
        using var others = product.Client(small);
        var table = new Table("list", "found", "p50 ms", "p95 ms", "p99 ms", "max ms", "errors");
        var (slowest, errors) = (0.0, 0);
        foreach (var (name, path, list) in Cases(count, talks, channels))
        {
            var asked = await AskAsync(name.StartsWith("other", StringComparison.Ordinal) ? others : large, path, list, repeats, cancellationToken);
            (slowest, errors) = (Math.Max(slowest, asked.At(0.99)), errors + asked.Errors);
            table.Add(
                name, Table.Number(asked.Found), Table.Number(asked.Median, "N1"), Table.Number(asked.At(0.95), "N1"), Table.Number(asked.At(0.99), "N1"), Table.Number(asked.At(1), "N1"), Table.Number(asked.Errors));
        }

        table.Print();
        if (options.Number("hold", 0) is > 0 and var hold)
        {
            Console.WriteLine($"holding the database for {hold} s, for a look at its plans: {product.ConnectionString}");
            await Task.Delay(TimeSpan.FromSeconds(hold), cancellationToken);
        }

        Console.WriteLine($"slowest p99: {Table.Number(slowest, "N1")} ms (goal {Goal:0} ms); errors: {errors}");
        return slowest <= Goal && errors == 0 ? 0 : 1;
    }

    private static IEnumerable<(string Name, string Path, string List)> Cases(int count, int talks, List<BenchChannel> channels)
    {
        const string Channels = "/api/v1/channels?limit=50";
        const string Talks = "/api/v1/conversations?limit=50";
        (int Middle, int Last) pages = (Math.Max(1, count / PageSize / 2), Math.Max(1, count / PageSize));
        (int Middle, int Last) talkPages = (Math.Max(1, talks / PageSize / 2), Math.Max(1, talks / PageSize));
        return
        [
            ("channels: first page", Channels, "channels"),
            ("channels: middle page", $"{Channels}&page={pages.Middle}", "channels"),
            ("channels: last page", $"{Channels}&page={pages.Last}", "channels"),
            ("channels: status=active", $"{Channels}&status=active", "channels"),
            ("channels: status=error", $"{Channels}&status=error", "channels"),
            ("channels: status=inactive (none)", $"{Channels}&status=inactive", "channels"),
            ("channels: type=evolution", $"{Channels}&type=evolution", "channels"),
            ("channels: type=simulator (none)", $"{Channels}&type=simulator", "channels"),
            ("channels: search beginning, many", $"{Channels}&search=Shop", "channels"),
            ("channels: search beginning, few", $"{Channels}&search={Uri.EscapeDataString($"Shop shop-{count / 2 / 100:D4}")}", "channels"),
            ("channels: search inside, one", $"{Channels}&search=p-{count / 2:D6}", "channels"),
            ("channels: search identity", $"{Channels}&search=4478{count / 3:D8}", "channels"),
            ("channels: search two letters", $"{Channels}&search=p-", "channels"),
            ("channels: search nothing", $"{Channels}&search=nobody-has-this", "channels"),
            ("channels: status and search", $"{Channels}&status=error&search=p-0000", "channels"),
            ("conversations: first page", Talks, "conversations"),
            ("conversations: middle page", $"{Talks}&page={talkPages.Middle}", "conversations"),
            ("conversations: last page", $"{Talks}&page={talkPages.Last}", "conversations"),
            ("conversations: of a channel", $"{Talks}&channel_id={channels[count / 2].Id}", "conversations"),
            ("conversations: search beginning, many", $"{Talks}&search=Contact", "conversations"),
            ("conversations: search number", $"{Talks}&search=4491{talks / 2:D8}", "conversations"),
            ("conversations: search inside, few", $"{Talks}&search={talks / 2 / 100:D4}", "conversations"),
            ("conversations: search nothing", $"{Talks}&search=nobody-has-this", "conversations"),
            ("other tenant: channels", Channels, "channels"),
            ("other tenant: channels, search nothing", $"{Channels}&search=nobody-has-this", "channels"),
            ("other tenant: conversations", Talks, "conversations"),
        ];
    }

    private static async Task<Asked> AskAsync(HttpClient client, string path, string list, int repeats, CancellationToken cancellationToken)
    {
        var (found, errors) = (0L, 0);
        var times = new List<double>();
        for (var round = -3; round < repeats; round++)
        {
            var started = Stopwatch.GetTimestamp();
            using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
            var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            var elapsed = Stopwatch.GetElapsedTime(started);
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                errors++;
                continue;
            }

            using var json = JsonDocument.Parse(body);
            found = json.RootElement.GetProperty("total").GetInt64();
            if (found > 0 && json.RootElement.GetProperty(list).GetArrayLength() == 0)
            {
                errors++;
            }

            if (round >= 0)
            {
                times.Add(elapsed.TotalMilliseconds);
            }
        }

        times.Sort();
        return new Asked(found, errors, times);
    }

    /// <summary>What one list took, ascending.</summary>
    private sealed record Asked(long Found, int Errors, List<double> Times)
    {
        public double Median => Table.Median(Times);

        public double At(double share) => Times.Count == 0 ? double.NaN : Times[(int)Math.Ceiling(share * Times.Count) - 1];
    }
}
