using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Channels.FakeProviders.Evolution;
using Channels.Proof.Ledgers;

namespace Channels.Proof.Scenarios;

/// <summary>Two tenants flood, a third that writes little comes to it, and in the middle of it the product, its private Postgres or both are killed, or the product is asked to stop.</summary>
/// <remarks>Under pressure a 200 stands for a file in the journal and not for a row yet: here it is shown that nothing is lost on the way from the one to the other, and that it was used.</remarks>
internal sealed partial class FloodCrashes : Scenario
{
    private const int Tenants = 2;
    private const int Channels = 4;

    /// <summary>Conversations of each channel; each writes over a connection of its own.</summary>
    private const int Contacts = 25;

    private const int QuietContacts = 4;
    private static readonly TimeSpan QuietPace = TimeSpan.FromMilliseconds(200);

    /// <summary>A product that starts is not to be kept from it by those who ask for it.</summary>
    private static readonly TimeSpan BeforeRepeating = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan LongestDrain = TimeSpan.FromMinutes(5);

    private enum End
    {
        Product,
        Both,
        Postgres,
        Stop,
    }

    public override string Name => "flood";

    public override string Promise =>
        "kill -9 of the product, of its Postgres and of both, and SIGTERM, amid a flood: what was acknowledged from the journal is stored once and in order, and the books balance.";

    public override async Task<Verdict> RunAsync(Course course)
    {
        var rounds = course.Rounds(full: 8, brief: 2);
        var length = course.Seconds(full: 4, brief: 2);
        var choices = course.Choices(Name);
        await using var stage = await Stage.SetAsync();
        stage.Gateway.Behaviour = new FakeBehaviour { Echo = FakeEcho.AfterAnswer };
        using var tenants = new Flooding();
        await tenants.AddAsync(stage);
        var quiet = await QuietAsync(stage);
        List<Round> seen = [];
        for (var round = 1; round <= rounds; round++)
        {
            if (round > 1)
            {
                // It forgets that a quiet tenant was about: beside one, who floods is held back and does not begin in the journal.
                await stage.Product.StopAsync(StopLimit);
                await stage.Product.StartAgainAsync();
            }

            seen.Add(await RoundAsync(stage, tenants, quiet, (End)((round - 1) % 4), length, choices));
            course.Say($"round {round} of {rounds}: {seen[^1]}");
        }

        var sizes = string.Create(
            CultureInfo.InvariantCulture,
            $"{rounds} rounds of {length.TotalSeconds:0} s, {Tenants * Channels * Contacts} connections of {Tenants} tenants and {QuietContacts} of a quiet one, {seen.Sum(round => round.Refused):#,0} refused, found in the journal in {seen.Count(round => round.Found > 0)} rounds: {seen.Sum(round => round.Found):#,0}");
        return new Verdict(
            sizes, await stage.StoreAsync(), [.. await tenants.CompareAsync(), await Comparison.OfAsync("the quiet tenant", quiet)],
            [.. seen.SelectMany(round => round.Complaints), .. Unused(seen), .. stage.LogComplaints()]);
    }

    private static async Task<IReadOnlyList<Writer>> QuietAsync(Stage stage)
    {
        var shop = await stage.ShopAsync("quiet", "5491150000001");
        return [.. Enumerable.Range(1, QuietContacts).Select(n => Writer.Customer(shop, $"54911600000{n:00}"))];
    }

    private static async Task<Round> RoundAsync(Stage stage, Flooding tenants, IReadOnlyList<Writer> quiet, End end, TimeSpan length, Random choices)
    {
        var complaints = new List<string>();
        await using var flood = new Load(tenants.Writers, TimeSpan.Zero, beforeRepeating: BeforeRepeating);
        await using var trickle = new Load(quiet, QuietPace, beforeRepeating: BeforeRepeating);
        var before = flood.Acknowledged + trickle.Acknowledged;
        var lines = stage.Product.Log.Lines.Count;
        flood.Begin();

        // Somewhere in the middle half. The other half comes when it runs again: what is new is to stay behind what is still in the journal.
        var instant = length * (0.25 + (0.5 * choices.NextDouble()));
        await Task.Delay(instant / 2);
        trickle.Begin();
        await Task.Delay(instant / 2);
        var files = FilesOf(stage.Product);
        var acknowledged = flood.Acknowledged + trickle.Acknowledged - before;
        var (how, left) = await EndAsync(stage.Product, end, complaints);
        var found = end == End.Postgres ? 0 : FoundIn(stage.Product.Log.Lines.Skip(lines));
        if (end == End.Stop && found != left)
        {
            complaints.Add($"at its end it said that {left} webhooks are still in the journal, at the next start {found} were");
        }

        await Task.Delay(length - instant);
        await flood.EndAsync();
        await trickle.EndAsync();
        var started = Stopwatch.GetTimestamp();
        complaints.AddRange(await BooksAsync(stage, tenants));
        return new Round(
            how, instant, files, acknowledged, found, flood.Acknowledged + trickle.Acknowledged - before, flood.Refused + trickle.Refused,
            $"flood {flood.RefusalsShown}; quiet {trickle.RefusalsShown}", Stopwatch.GetElapsedTime(started), complaints);
    }

    // Returns when it is ready again; how many it said at its end to be in the journal still.
    private static async Task<(string How, long Left)> EndAsync(Product product, End end, List<string> complaints)
    {
        switch (end)
        {
            case End.Postgres:
                product.KillServer();
                await Until.SeenAsync("the product to be without its Postgres", () => product.StatusAsync("/readyz"), status => status != System.Net.HttpStatusCode.OK);
                await product.ReadyAsync();
                return ("its Postgres killed", 0);
            case End.Stop:
                var lines = product.Log.Lines.Count;
                var (code, after) = await product.StopAsync(StopLimit);
                if (code != 0)
                {
                    complaints.Add($"it ended with code {code}: {product.Log.Tail()}");
                }

                var left = Sum(LeftLine(), product.Log.Lines.Skip(lines));
                await product.StartAgainAsync();
                return (string.Create(CultureInfo.InvariantCulture, $"stopped in {after.TotalSeconds:0.0} s with {left:#,0} left in the journal"), left);
            case End.Both:
                product.KillServer();
                await product.KillAsync();
                await product.StartAgainAsync();
                return ("killed with its Postgres", 0);
            default:
                await product.KillAsync();
                await product.StartAgainAsync();
                return ("killed", 0);
        }
    }

    private static int FilesOf(Product product) =>
        Path.Combine(product.DataDirectory, "journal") is var directory && Directory.Exists(directory) ? Directory.EnumerateFiles(directory, "*.journal").Count() : 0;

    private static long FoundIn(IEnumerable<string> lines) => Sum(FoundLine(), lines);

    private static long Sum(Regex line, IEnumerable<string> lines) =>
        lines.Select(one => line.Match(one)).Where(match => match.Success).Sum(match => long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture));

    // Once a second: counting a backlog is work for the product as well.
    private static async Task<List<string>> BooksAsync(Stage stage, Flooding tenants)
    {
        var complaints = new List<string>();
        var started = Stopwatch.GetTimestamp();
        foreach (var client in tenants.Clients.Append(stage.Tenant))
        {
            Book book;
            while ((book = await Book.OfAsync(client)).Waiting > 0)
            {
                if (Stopwatch.GetElapsedTime(started) > LongestDrain)
                {
                    throw new TimeoutException($"Waited {LongestDrain.TotalSeconds:0} s for the flood to be worked off: {book}");
                }

                await Task.Delay(TimeSpan.FromSeconds(1));
            }

            if (book.Difference != 0 || book.Accepted != book.Finished + book.Waiting + book.Parked || book.Parked > 0)
            {
                complaints.Add($"the books of a tenant do not balance, or something was parked: {book}");
            }
        }

        return complaints;
    }

    // A journal that was not used shows nothing.
    private static IEnumerable<string> Unused(List<Round> rounds)
    {
        if (!rounds.Exists(round => round is { Files: > 0, Found: > 0 }))
        {
            yield return "in no round the journal held anything when the product ended: nothing is shown about it";
        }
    }

    [GeneratedRegex("([0-9]+) acknowledged webhooks are in the journal that are not in the table yet")]
    private static partial Regex FoundLine();

    [GeneratedRegex("([0-9]+) acknowledged webhooks are still in the journal")]
    private static partial Regex LeftLine();

    /// <param name="How">What was done.</param>
    /// <param name="Instant">When, from the beginning of the flood.</param>
    /// <param name="Files">Of the journal, just before.</param>
    /// <param name="Before">Acknowledged until then.</param>
    /// <param name="Found">Webhooks in the journal at the next start.</param>
    /// <param name="Acknowledged">In all the round.</param>
    /// <param name="Refused">Attempts.</param>
    /// <param name="Refusals">By what they got.</param>
    /// <param name="Drain">How long what waited at its end took.</param>
    /// <param name="Complaints">What was not as promised.</param>
    private sealed record Round(
        string How, TimeSpan Instant, int Files, int Before, long Found, int Acknowledged, int Refused, string Refusals, TimeSpan Drain, IReadOnlyList<string> Complaints)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"{How} after {Instant.TotalMilliseconds:0} ms and {Before:#,0} acknowledged, with {Files} files in the journal, {Found:#,0} webhooks found in it at the start; {Acknowledged:#,0} acknowledged in all, refused: {Refusals}; worked off {Drain.TotalSeconds:0.0} s later");
    }

    /// <summary>A tenant's webhooks in the ledger.</summary>
    private sealed record Book(long Accepted, long Finished, long Waiting, long Parked, long Difference)
    {
        public static async Task<Book> OfAsync(ChannelsClient tenant)
        {
            var webhooks = (await tenant.GetAsync("/api/v1/ledger")).GetProperty("tenant").GetProperty("webhooks");
            long Of(string name) => webhooks.GetProperty(name).GetInt64();
            return new Book(Of("accepted"), Of("finished"), Of("waiting"), Of("parked"), Of("difference"));
        }
    }

    /// <summary>The tenants that flood, on channels that only record.</summary>
    private sealed class Flooding : IDisposable
    {
        public List<ChannelsClient> Clients { get; } = [];

        public List<Writer> Writers { get; } = [];

        public async Task AddAsync(Stage stage)
        {
            for (var tenant = 0; tenant < Tenants; tenant++)
            {
                Clients.Add(await ChannelsClient.NewTenantAsync(stage.Product, $"flood {tenant}"));
                stage.KeepSecret(Clients[^1].Key);
                for (var n = 0; n < Channels; n++)
                {
                    var shop = await stage.ShopAsync($"flood-{tenant}-{n}", $"4478{tenant}{n:0000000}", agent: new { kind = "none" }, tenant: Clients[^1]);
                    Writers.AddRange(Enumerable.Range(0, Contacts).Select(contact => Writer.Customer(shop, $"54911{tenant}{n}{contact:00000}")));
                }
            }
        }

        public async Task<List<Tally>> CompareAsync()
        {
            var tallies = new List<Tally>();
            foreach (var writers in Writers.GroupBy(writer => writer.Channel))
            {
                tallies.Add(await Comparison.OfAsync("", [.. writers], recordsOnly: true));
            }

            return [Tally.Sum("the tenants that flood", tallies)];
        }

        public void Dispose() => Clients.ForEach(client => client.Dispose());
    }
}
