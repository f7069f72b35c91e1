using System.Diagnostics;
using Channels.Bench.Load;
using Channels.Bench.Sides;
using Channels.Bench.Telling;

namespace Channels.Bench;

/// <summary>One of the two products of <see cref="FullBench"/>, with channels that record and channels that answer.</summary>
internal sealed class FullSide : IAsyncDisposable
{
    private const int LoopConnections = 64;
    private const int LoopConversations = 500;
    private static readonly TimeSpan DrainLimit = TimeSpan.FromMinutes(3);

    private readonly Provider _provider;
    private readonly LoadPlan _acks;
    private readonly LoopsRun _loops;
    private readonly CancellationToken _cancellationToken;
    private readonly string _name;
    private readonly List<string> _complaints = [];
    private long _number;
    private long _acknowledged;

    private FullSide(string name, Provider provider, Product product, LoadPlan acks, LoopsRun loops, CancellationToken cancellationToken)
    {
        _name = name;
        _provider = provider;
        Product = product;
        _acks = acks;
        _loops = loops;
        _cancellationToken = cancellationToken;
    }

    public Product Product { get; }

    public List<FullRound> Rounds { get; } = [];

    public static async Task<FullSide> StartAsync(string name, Options options, CancellationToken cancellationToken)
    {
        var provider = await Provider.StartAsync(cancellationToken);
        var product = await Product.StartAsync(options, cancellationToken);
        var recording = await AckBench.ChannelsAsync(product, provider: null, options.Number("tenants", 4), options.Number("channels", 25), cancellationToken);
        var answering = await LoopsBench.ChannelsAsync(product, provider, 5, 10, cancellationToken);
        var connections = options.Number("connections", 256);
        var acks = new LoadPlan(Templates(recording), connections, recording.Count * AckBench.ContactsPerChannel, 0);
        var loops = new LoopsRun(provider, product, new LoadPlan(Templates(answering), LoopConnections, LoopConversations, 0), answering, cancellationToken);
        return new FullSide(name, provider, product, acks, loops, cancellationToken);

        List<WebhookTemplate> Templates(List<BenchChannel> channels) =>
            [.. channels.Select(channel => new WebhookTemplate(product.Address, $"/webhooks/evolution/{channel.Id}", channel.Secret))];
    }

    public async Task WarmUpAsync(TimeSpan duration, int messages)
    {
        await AcknowledgeAsync(duration);
        await _loops.BacklogAsync(messages, keep: false);
    }

    public async Task RoundAsync(TimeSpan duration, int messages)
    {
        var (load, acks, drained) = await AcknowledgeAsync(duration);
        var (cpu, store) = (CpuUse.Of(Product.Process), await StoreUse.OfAsync(Product, _cancellationToken));
        await _loops.BacklogAsync(messages, keep: true);
        var loops = new Costs(messages, CpuUse.Of(Product.Process) - cpu, await StoreUse.OfAsync(Product, _cancellationToken) - store);
        Rounds.Add(new FullRound(load, drained, acks, _loops.LastRate, loops));
    }

    /// <summary>How large the tables of history are.</summary>
    public async Task<string> SizesAsync() =>
        await Product.AskAsync(
            """
            select string_agg(parent || ' ' || pg_size_pretty(tables) || ' and ' || pg_size_pretty(indexes) || ' of indexes', ', ' order by parent)
            from (select inhparent::regclass::text as parent, sum(pg_table_size(inhrelid)) as tables, sum(pg_indexes_size(inhrelid)) as indexes
                  from pg_inherits where inhparent in ('transcript'::regclass, 'message_key'::regclass) group by 1) as t
            """,
            _cancellationToken);

    /// <summary>Prints what was wrong; true when nothing was.</summary>
    public bool IsRight()
    {
        foreach (var complaint in _complaints.Concat(_loops.Complaints))
        {
            Console.WriteLine($"WRONG, {_name}: {complaint}");
        }

        Console.WriteLine($"{_name}: {_acknowledged:N0} acknowledged and recorded beside the loops: {(_complaints.Count == 0 ? "nothing lost" : "NOT COMPLETE")}");
        return _complaints.Count == 0 && _loops.Complaints.Count == 0;
    }

    public async ValueTask DisposeAsync()
    {
        await Product.DisposeAsync();
        await _provider.DisposeAsync();
    }

    private async Task<(LoadResult Load, Costs Costs, double DrainedPerSecond)> AcknowledgeAsync(TimeSpan duration)
    {
        var before = await Product.LedgerAsync(_cancellationToken);
        var (cpu, store) = (CpuUse.Of(Product.Process), await StoreUse.OfAsync(Product, _cancellationToken));
        var load = await LoadGenerator.RunAsync(_acks with { Duration = duration, FirstNumber = _number }, Product.Address, _cancellationToken);
        var left = load.Acknowledged - (await Product.LedgerAsync(_cancellationToken)).Finished + before.Finished;
        var started = Stopwatch.GetTimestamp();
        var drained = await Product.DrainedAsync(before.Finished + before.Parked + load.Acknowledged, DrainLimit, _cancellationToken);
        var rate = left / Stopwatch.GetElapsedTime(started).TotalSeconds;
        var after = await Product.LedgerAsync(_cancellationToken);
        _number += load.Sent;
        _acknowledged += load.Acknowledged;
        if (drained is null || after.Recorded + after.Duplicates - before.Recorded - before.Duplicates != load.Acknowledged)
        {
            _complaints.Add($"{load.Acknowledged} acknowledged, {after.Recorded + after.Duplicates - before.Recorded - before.Duplicates} recorded");
        }

        return (load, new Costs(load.Acknowledged, CpuUse.Of(Product.Process) - cpu, await StoreUse.OfAsync(Product, _cancellationToken) - store), rate);
    }
}

/// <summary>What so many webhooks or loops cost. Processor time in seconds.</summary>
internal sealed record Costs(long Count, double Product, StoreUse Store)
{
    public double MicrosecondsEach => (Product + Store.Seconds) * 1e6 / Count;

    public double StoreMicrosecondsEach => Store.Seconds * 1e6 / Count;

    public string[] Cells =>
    [
        Each(Product * 1e6), Each(Store.Seconds * 1e6), Each(Store.Checkpoints * 1e6), Table.Number(Store.WalBytes / Count), Table.Number(Store.PageImages / Count, "N3"),
    ];

    private string Each(double sum) => Table.Number(sum / Count, "N1");
}

/// <summary>One round of one side.</summary>
internal sealed record FullRound(LoadResult Load, double DrainedPerSecond, Costs Acks, double LoopRate, Costs Loops)
{
    public double AckRate => Load.Rate;

    private string NotAcknowledged => Load.Sent == Load.Acknowledged
        ? "0"
        : $"{Load.Errors} errors {string.Join(' ', Load.Statuses.Where(pair => pair.Key != 200).Select(pair => $"{pair.Key}:{pair.Value}"))}";

    public void AddTo(string name, Table acks, Table loops)
    {
        acks.Add([name, Table.Number(AckRate), Table.Number(Load.Milliseconds(0.99), "N1"), NotAcknowledged, .. Acks.Cells, Table.Number(DrainedPerSecond)]);
        loops.Add([name, Table.Number(LoopRate), .. Loops.Cells]);
    }
}
