using System.Globalization;
using Channels.Bench;
using Channels.Bench.Sides;
using Channels.Bench.Telling;

// Bench ack | loops | all [--name value ...]: measures the product beside a yardstick in the same run; see bench/README.md.
if (args is ["bare", ..])
{
    await BareEndpoint.RunAsync(int.Parse(Options.Parse(args.AsSpan(1)).Text("port", "0"), CultureInfo.InvariantCulture));
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
        ["all", ..] => await AckBench.RunAsync(options, stop.Token) | await LoopsBench.RunAsync(options, stop.Token),
        _ => Usage(),
    };
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("Stopped before the end; everything started was ended.");
    return 3;
}

static int Usage()
{
    Console.Error.WriteLine("""
        Bench ack    durable acknowledgements on record-only channels, beside a bare Kestrel endpoint
        Bench loops  full loops: webhook in, echo agent, send to the provider
        Bench all    both
        Options and what the figures mean: bench/README.md
        """);
    return 2;
}
