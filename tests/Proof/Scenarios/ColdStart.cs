using System.Diagnostics;
using System.Globalization;
using System.Net;
using Channels.Bench.Load;
using Channels.FakeProviders.Evolution;
using Channels.Proof.Ledgers;
using Channels.Proof.Pouring;
using Npgsql;

namespace Channels.Proof.Scenarios;

/// <summary>Thousands of active accounts and a backlog: the product is killed as soon as it has acknowledged it, and starts.</summary>
internal sealed class ColdStart : Scenario
{
    private const int Tenants = 4;
    private const int Rate = 20;
    private static readonly TimeSpan Gross = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestDrain = TimeSpan.FromMinutes(15);

    /// <summary>From ready to the 200 of the first new webhook.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(1);

    /// <summary>The same on a machine that does other things meanwhile.</summary>
    private static readonly TimeSpan GrossAtOnce = TimeSpan.FromSeconds(20);

    /// <summary>What is acknowledged and in no table is in the journal, or lost: when gateways get nothing more for so long, it is lost.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    /// <summary>Every so-manieth account has <see cref="Conversations"/> instead of one: more than it may send to at once.</summary>
    private const int BusyOne = 40;

    private const int Conversations = 8;

    /// <summary>As Evolution's <c>channel.json</c> says: sends of one account at once.</summary>
    private const int SendsAtOnce = 4;

    /// <summary>As <c>SessionOptions</c> has it: questions about sessions to one gateway, at once and in a second.</summary>
    private const int QuestionsAtOnce = 4;

    /// <summary>50, of which a quarter may come together with those of the second before; what is under way may be held up until the next second.</summary>
    private const int QuestionsInASecond = 50 + 13 + (2 * QuestionsAtOnce);

    /// <summary>One send at the gateway: without it nothing would be under way at once.</summary>
    private static readonly TimeSpan SendTakes = TimeSpan.FromMilliseconds(50);

    private const string Waiting = "select (select count(*) from inbox), (select count(*) from turn) + (select count(*) from outbox where state <> 2)";

    // As after a longer stop: every session is due.
    private const string AllDue = "update session set due_at = now() - interval '1 hour' where due_at is not null";

    public override string Name => "cold";

    public override string Promise =>
        "a start with 10,000 active accounts and 50,000 acknowledged messages waiting: new webhooks are taken at once, the backlog is worked off in order, nothing is lost or doubled, each account sends a few at once and each gateway is asked about a few sessions at a time.";

    public override async Task<Verdict> RunAsync(Course course)
    {
        var wanted = course.Rounds(full: 50_000, brief: 600);
        var accounts = wanted / 5;
        await using var stage = await Stage.SetAsync();
        await using var gateways = await Gateways.StartAsync(course.Brief ? 1 : 4);
        var shops = await ShopsAsync(stage, gateways, accounts, course);
        var trickle = new Trickle(stage.Product, [await stage.ShopAsync("new-0", "5491150000001"), await stage.ShopAsync("new-1", "5491150000002")], Rate);
        await using var postgres = NpgsqlDataSource.Create($"{stage.Product.PrivateConnectionString};Maximum Pool Size=2;Command Timeout=120");

        var writers = await FillAsync(stage, shops, gateways, wanted, course);
        await stage.Product.KillAsync();
        var (inbox, later) = await WaitingAsync(postgres);
        var already = gateways.Texts();
        var waiting = writers.Sum(writer => writer.Acknowledged.Count) - already.Count;
        await using (var due = postgres.CreateCommand(AllDue))
        {
            course.Say($"killed with {waiting:#,0} acknowledged and not answered, of them {inbox:#,0} webhooks in the inbox and {later:#,0} turns and replies, what remains in the journal; {await due.ExecuteNonQueryAsync():#,0} sessions made due");
        }

        gateways.Watch();
        var start = await StartAsync(stage, trickle, writers, gateways, already, postgres);
        course.Say(start.ToString());

        // The gateways' ledgers are read before the transcripts: a reply that leaves in between would be sent in the one and unsent in the other.
        await NothingWaitsAsync(postgres);
        course.Say($"gateways: {gateways}");
        List<Tally> tallies = [await CompareAsync(writers, gateways), await CompareNewAsync(trickle)];
        return new Verdict(
            $"{accounts:#,0} accounts of {Tenants} tenants at {gateways.All.Count} gateways, {waiting:#,0} waiting; {start}; {gateways}", await stage.StoreAsync(), tallies,
            [.. Complaints(start, gateways, waiting, wanted, course.Brief), .. stage.LogComplaints()]);
    }

    private static async Task<List<EvolutionChannel>> ShopsAsync(Stage stage, Gateways gateways, int accounts, Course course)
    {
        var started = Stopwatch.GetTimestamp();
        List<ChannelsClient> tenants = [];
        for (var tenant = 0; tenant < Tenants; tenant++)
        {
            tenants.Add(await ChannelsClient.NewTenantAsync(stage.Product, $"tenant {tenant}"));
        }

        var shops = new EvolutionChannel[accounts];
        await Parallel.ForEachAsync(Enumerable.Range(0, accounts), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (n, _) =>
        {
            var gateway = gateways.All[n % gateways.All.Count];
            shops[n] = await EvolutionChannel.CreateAsync(tenants[n % Tenants], gateway, $"shop-{n:00000}", $"44780{n:0000000}");
            await shops[n].Channel.ActivateAsync();
        });
        course.Say($"{accounts:#,0} channels made and activated through the API in {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s");
        return [.. shops];
    }

    // As fast as they are acknowledged, until enough wait: the product works meanwhile, as it does.
    private static async Task<List<Writer>> FillAsync(Stage stage, List<EvolutionChannel> shops, Gateways gateways, int wanted, Course course)
    {
        // One for each conversation.
        List<EvolutionChannel> lines = [.. shops, .. Enumerable.Repeat(shops.Where((_, n) => n % BusyOne == 0), Conversations - 1).SelectMany(busy => busy)];
        using var enough = new CancellationTokenSource();
        var progress = new LoadProgress();
        var plan = new LoadPlan(
            lines.ConvertAll(shop => new WebhookTemplate(stage.Product.Address, shop.Channel.WebhookUrl.AbsolutePath, shop.Channel.Secret)), Connections: 128, Contacts: lines.Count, FirstNumber: 1_000_000)
        {
            Messages = 3L * wanted, KeepsTaken = true, Ending = enough.Token, Progress = progress,
        };

        // By what was acknowledged and not answered: tables do not show what is in the journal.
        var filling = LoadGenerator.RunAsync(plan, stage.Product.Address, CancellationToken.None);
        while (!filling.IsCompleted && progress.Acknowledged - gateways.Sends < wanted)
        {
            await Task.WhenAny(filling, Task.Delay(50));
        }

        await enough.CancelAsync();
        var load = await filling;
        course.Say($"{load.Acknowledged:#,0} webhooks acknowledged in {load.Elapsed.TotalSeconds:0.0} s");
        var writers = new Dictionary<int, Writer>();
        foreach (var (contact, number) in load.Taken)
        {
            if (!writers.TryGetValue(contact, out var writer))
            {
                writers[contact] = writer = Writer.Customer(lines[contact % lines.Count], WebhookTemplate.PhoneOf(contact));
            }

            writer.Acknowledged.Enqueue(WebhookTemplate.TextOf(number));
        }

        return [.. writers.Values];
    }

    private static async Task<Seen> StartAsync(Stage stage, Trickle trickle, List<Writer> writers, Gateways gateways, HashSet<string> already, NpgsqlDataSource postgres)
    {
        var began = TimeProvider.System.GetUtcNow();
        var started = Stopwatch.GetTimestamp();
        stage.Product.Spawn();
        var taken = TakenAsync(trickle.FirstAsync, started);
        await stage.Product.ReadyAsync();
        var (ready, cpu) = (Stopwatch.GetElapsedTime(started), ProcessUse.Cpu(stage.Product.ProcessId));
        await using var memory = MemoryWatch.Begin(stage.Product.ProcessId);
        var (first, waited) = await taken;
        using var drained = new CancellationTokenSource();
        var posting = trickle.PostAsync(LongestDrain, drained.Token);
        var acknowledged = writers.Sum(writer => writer.Acknowledged.Count);
        var (sends, since) = (gateways.Sends, Stopwatch.GetTimestamp());
        while (await WaitingAsync(postgres) is var (inbox, later) && (inbox + later > Rate * 2 || (sends < acknowledged && Stopwatch.GetElapsedTime(since) < Silence)))
        {
            (sends, since) = gateways.Sends is var now && now > sends ? (now, Stopwatch.GetTimestamp()) : (sends, since);
            if (Stopwatch.GetElapsedTime(started) > LongestDrain)
            {
                throw new TimeoutException($"Waited {LongestDrain.TotalMinutes:0} minutes for the backlog; {inbox} webhooks and {later} turns and replies still wait.");
            }

            await Task.Delay(500);
        }

        var drain = Stopwatch.GetElapsedTime(started);
        await drained.CancelAsync();
        var waits = await posting;
        var before = writers.SelectMany(writer => writer.Acknowledged).Except(already).ToHashSet();

        // Where the kill came late nothing was left to answer.
        var reply = gateways.All.SelectMany(gateway => gateway.Ledger.After(0)).Where(send => send.Asked > began && before.Contains(send.Text)).Select(send => send.Asked).DefaultIfEmpty(began).Min() - began;
        return new Seen(ready, cpu, first, waited, reply, drain, before.Count, waits, memory.Most);
    }

    // Refused connections and 503 are what a provider repeats.
    private static async Task<(TimeSpan After, TimeSpan Waited)> TakenAsync(Func<Task<Answer>> post, long started)
    {
        while (Stopwatch.GetElapsedTime(started) < Gross)
        {
            var posted = Stopwatch.GetTimestamp();
            try
            {
                if ((await post()).Status == HttpStatusCode.OK)
                {
                    return (Stopwatch.GetElapsedTime(started), Stopwatch.GetElapsedTime(posted));
                }
            }
            catch (HttpRequestException)
            {
                // Nobody listens yet.
            }

            await Task.Delay(20);
        }

        throw new TimeoutException($"No new webhook was taken within {Gross.TotalSeconds:0} s of the start.");
    }

    private static async Task<(long Inbox, long Later)> WaitingAsync(NpgsqlDataSource postgres)
    {
        await using var command = postgres.CreateCommand(Waiting);
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        return (row.GetInt64(0), row.GetInt64(1));
    }

    private static async Task NothingWaitsAsync(NpgsqlDataSource postgres)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (await WaitingAsync(postgres) is not (0, 0))
        {
            await Task.Delay(50, limit.Token);
        }
    }

    private static async Task<Tally> CompareAsync(List<Writer> writers, Gateways gateways)
    {
        var sends = gateways.All.SelectMany(gateway => gateway.Ledger.After(0)).ToLookup(send => send.Instance);
        var byShop = writers.GroupBy(writer => writer.Shop!).ToList();
        var tallies = new Tally[byShop.Count];
        await Parallel.ForEachAsync(byShop.Index(), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (one, _) =>
            tallies[one.Index] = await Comparison.OfAsync(one.Item.Key.Name, [.. one.Item], sent: [.. sends[one.Item.Key.Name]]));
        return Tally.Sum("the backlog", tallies);
    }

    private static async Task<Tally> CompareNewAsync(Trickle trickle)
    {
        var tallies = new List<Tally>();
        foreach (var writers in trickle.Writers.GroupBy(writer => writer.Shop))
        {
            tallies.Add(await Comparison.OfAsync("", [.. writers]));
        }

        return Tally.Sum("what came after the start", tallies);
    }

    private static IEnumerable<string> Complaints(Seen start, Gateways gateways, int waiting, int wanted, bool brief)
    {
        if (!brief && waiting < wanted / 2)
        {
            yield return $"only {waiting:#,0} were waiting when it was killed";
        }

        if (start.Ready > Gross || start.FirstReply > Gross)
        {
            yield return $"ready after {start.Ready.TotalSeconds:0.0} s, the first reply after {start.FirstReply.TotalSeconds:0.0} s";
        }

        if (start.New.Refused > 0)
        {
            yield return $"{start.New.Refused} new webhooks were refused after the first was taken";
        }

        if (start.FirstTaken - start.Ready > (brief ? GrossAtOnce : AtOnce))
        {
            yield return $"the first new webhook got its 200 {(start.FirstTaken - start.Ready).TotalSeconds:0.0} s after the product was ready";
        }

        foreach (var watch in gateways.Watches.Where(watch => watch.StateCallsInASecond > QuestionsInASecond || watch.MostStatesInHand > QuestionsAtOnce))
        {
            yield return $"a gateway was asked about {watch.StateCallsInASecond} sessions in one second, {watch.MostStatesInHand} at once";
        }

        // Where no account ever had as many under way as it may, nothing kept it from having more.
        if (gateways.Watches.Max(watch => watch.MostOfOneInHand) is var most && (most > SendsAtOnce || (!brief && most < SendsAtOnce)))
        {
            yield return $"an account had {most} sends under way at once, where {SendsAtOnce} are its limit and there was enough to reach it";
        }
    }

    /// <summary>Processor time in seconds; all other times are from the start of the process.</summary>
    private sealed record Seen(TimeSpan Ready, double CpuUntilReady, TimeSpan FirstTaken, TimeSpan FirstWaited, TimeSpan FirstReply, TimeSpan Drain, int Backlog, Waits New, double Memory)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"ready after {Ready.TotalSeconds:0.0} s ({CpuUntilReady:0.0} s of processor), first new webhook taken after {FirstTaken.TotalSeconds:0.0} s (posted {FirstWaited.TotalSeconds:0.0} s before, as soon as somebody listened), first reply to an old one after {FirstReply.TotalSeconds:0.0} s, {Backlog:#,0} worked off after {Drain.TotalSeconds:0} s; meanwhile {New}; memory at most {Memory:0} MB");
    }

    private sealed class Gateways : IAsyncDisposable
    {
        public List<FakeEvolution> All { get; } = [];

        public List<GatewayWatch> Watches { get; private set; } = [];

        public static async Task<Gateways> StartAsync(int count)
        {
            var gateways = new Gateways();
            for (var n = 0; n < count; n++)
            {
                var gateway = await FakeEvolution.StartAsync();
                gateway.KeepsCalls = false;
                gateway.Behaviour = new FakeBehaviour { Delay = SendTakes };
                gateways.All.Add(gateway);
            }

            return gateways;
        }

        public int Sends => All.Sum(gateway => gateway.Ledger.Count);

        public void Watch() => Watches = All.ConvertAll(GatewayWatch.Begin);

        public HashSet<string> Texts() => [.. All.SelectMany(gateway => gateway.Ledger.After(0)).Select(send => send.Text)];

        public override string ToString() =>
            $"each gateway got at most {Watches.Max(watch => watch.SendsInASecond)} sends a second, {Watches.Max(watch => watch.MostInHand)} at once, {Watches.Max(watch => watch.SendsOfOneInASecond)} a second and {Watches.Max(watch => watch.MostOfOneInHand)} at once from one account; {Watches.Sum(watch => watch.StateCalls):#,0} questions about sessions, at most {Watches.Max(watch => watch.StateCallsInASecond)} a second and {Watches.Max(watch => watch.MostStatesInHand)} at once";

        public async ValueTask DisposeAsync()
        {
            foreach (var gateway in All)
            {
                await gateway.DisposeAsync();
            }
        }
    }
}
