using System.Diagnostics;
using Channels.Bench.Load;
using Channels.Bench.Sides;
using Channels.Bench.Telling;

namespace Channels.Bench;

/// <summary>Whether stored messages make the next ones dearer: one product without any beside one with millions, in alternating rounds of acknowledgements and of full loops.</summary>
internal static class FullBench
{
    private const double Goal = 0.85;

    public static async Task<int> RunAsync(Options options, CancellationToken cancellationToken)
    {
        var stored = options.Number("stored", 5_000_000);
        var days = options.Number("days", 28);
        var rounds = options.Number("rounds", 3);
        var seconds = options.Number("seconds", 8);
        var messages = options.Number("messages", 15_000);

        Console.WriteLine($"== full: a product with {stored:N0} stored messages beside one without ==");
        await using var empty = await FullSide.StartAsync("empty", options, cancellationToken);
        await using var full = await FullSide.StartAsync("full", options, cancellationToken);
        await Conditions.PrintAsync(full.Product, cancellationToken);
        Conditions.Load(options.Number("connections", 256));
        Conditions.Line("rounds", $"{rounds} of {seconds} s of acknowledgements on record-only channels, drained, then of a backlog of {messages:N0} full loops; alternating, after a warm-up of both");

        // The conversations are made first: the stored messages are theirs.
        await empty.WarmUpAsync(TimeSpan.FromSeconds(10), messages / 3);
        await full.WarmUpAsync(TimeSpan.FromSeconds(10), messages / 3);
        var started = Stopwatch.GetTimestamp();
        await Filling.FillAsync(full.Product, stored, days, cancellationToken);
        Conditions.Line("stored", $"{stored:N0} messages of the last {days} days over {await full.Product.AskAsync("select count(*) from conversation", cancellationToken)} conversations, {await full.SizesAsync()}; written in {Stopwatch.GetElapsedTime(started).TotalSeconds:N0} s");

        await empty.Product.RunAsync("vacuum (analyze)", cancellationToken);
        await empty.Product.RunAsync("checkpoint", cancellationToken);
        if (options.Number("hold", 0) is > 0 and var hold)
        {
            Console.WriteLine($"holding both for {hold} s: {empty.Product.ConnectionString} and {full.Product.ConnectionString}");
            await Task.Delay(TimeSpan.FromSeconds(hold), cancellationToken);
        }

        for (var round = 0; round < rounds; round++)
        {
            await empty.RoundAsync(TimeSpan.FromSeconds(seconds), messages);
            await full.RoundAsync(TimeSpan.FromSeconds(seconds), messages);
        }

        return Tell(empty, full) ? 0 : 1;
    }

    private static bool Tell(FullSide empty, FullSide full)
    {
        var acks = new Table("acknowledged", "acks/s", "p99 ms", "not acked", "product us", "Postgres us", "checkpoints us", "WAL bytes", "page images", "drained/s");
        var loops = new Table("full loops", "loops/s", "product us", "Postgres us", "checkpoints us", "WAL bytes", "page images");
        foreach (var (one, other) in empty.Rounds.Zip(full.Rounds))
        {
            one.AddTo("empty", acks, loops);
            other.AddTo("full", acks, loops);
        }

        acks.Print();
        loops.Print();
        Console.WriteLine("us, bytes and images per webhook until the last is drained (processor time of the product's process and of its Postgres, checkpoints included), and per loop");
        Median("processor time per webhook, product and Postgres", round => round.Acks.MicrosecondsEach);
        Median("Postgres' processor time per webhook", round => round.Acks.StoreMicrosecondsEach);
        Median("processor time per loop, product and Postgres", round => round.Loops.MicrosecondsEach);
        Median("Postgres' processor time per loop", round => round.Loops.StoreMicrosecondsEach);
        var ackRatio = Median("acknowledgements a second", round => round.AckRate, Goal);
        var loopRatio = Median("full loops a second", round => round.LoopRate, Goal);
        return empty.IsRight() & full.IsRight() & ackRatio >= Goal & loopRatio >= Goal;

        double Median(string what, Func<FullRound, double> of, double? goal = null)
        {
            var ratio = Table.Median(empty.Rounds.Zip(full.Rounds, (one, other) => of(other) / of(one)));
            Console.WriteLine($"full over empty, median of rounds: {what} {ratio:P1}{(goal is { } least ? $" (goal {least:P0})" : "")}");
            return ratio;
        }
    }
}
