using Channels.Bench;
using Channels.Bench.Sides;
using Channels.Bench.Telling;

// Bench ack | loops | full | memory | lists | all [--name value ...]: measures the product beside a yardstick in the same run; see bench/README.md.
if (args is [BareEndpoint.Command or OneTransactionEndpoint.Command, ..])
{
    var port = Options.Parse(args.AsSpan(1)).Number("port", 0);
    await (args[0] == BareEndpoint.Command ? BareEndpoint.RunAsync(port) : OneTransactionEndpoint.RunAsync(port));
    return 0;
}

using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(30));
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

var options = Options.Parse(args.AsSpan(Math.Min(1, args.Length)));
try
{
    return args switch
    {
        ["ack", ..] => await AckBench.RunAsync(options, stop.Token),
        ["loops", ..] => await LoopsBench.RunAsync(options, stop.Token),
        ["memory", ..] => await MemoryBench.RunAsync(options, stop.Token),
        ["full", ..] => await FullBench.RunAsync(options, stop.Token),
        ["lists", ..] => await ListsBench.RunAsync(options, stop.Token),
        ["all", ..] => await AllAsync(options, stop.Token),
        _ => Usage(),
    };
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("Stopped before the end; everything started was ended.");
    return 3;
}

// Short: shows that everything runs and where a figure stands; what is published comes from each by itself.
static async Task<int> AllAsync(Options options, CancellationToken cancellationToken) =>
    await AckBench.RunAsync(options.Or("seconds", 4).Or("rounds", 2), cancellationToken)
    | await LoopsBench.RunAsync(options.Or("messages", 5_000).Or("warm-up-messages", 5_000).Or("rounds", 2).Or("seconds", 5), cancellationToken)
    | await FullBench.RunAsync(options.Or("stored", 200_000).Or("messages", 5_000).Or("rounds", 1).Or("seconds", 4), cancellationToken)
    | await MemoryBench.RunAsync(options.Or("accounts", 2_000), cancellationToken)
    | await ListsBench.RunAsync(options.Or("repeats", 8), cancellationToken);

static int Usage()
{
    Console.Error.WriteLine("""
        Bench ack     durable acknowledgements on record-only channels, beside a bare Kestrel endpoint and one with a transaction per webhook
        Bench loops   full loops: webhook in, echo agent, send to the provider
        Bench full    both of them on a product with 5,000,000 stored messages, beside one without
        Bench memory  bytes per idle account: before its first webhook, after it, after idle collection
        Bench lists   the API's lists with 100,000 channels and conversations in one tenant
        Bench all     all of them, with short settings
        Options and what the figures mean: bench/README.md
        """);
    return 2;
}
