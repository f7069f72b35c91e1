using System.Diagnostics;
using Channels.Bench.Load;
using Channels.Bench.Sides;
using Channels.Bench.Telling;

namespace Channels.Bench;

/// <summary>The same backlogs for the <see cref="UsualBot"/>, in turn with the product's, at the same gateway.</summary>
internal sealed class BotRun(UsualBot bot, Provider provider, LoadPlan plan, int messages, CancellationToken cancellationToken)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<double> _rates = [];
    private double _seconds;
    private long _number;

    /// <summary>Loops a second over the rounds kept.</summary>
    public double Rate => Table.Median(_rates);

    /// <exception cref="InvalidOperationException">It did not answer everything.</exception>
    public async Task BacklogAsync(bool keep)
    {
        var already = await provider.CountAsync(cancellationToken);
        var cpu = CpuUse.Of(bot.Process);
        var started = Stopwatch.GetTimestamp();
        var load = await LoadGenerator.RunAsync(plan with { Messages = messages, FirstNumber = _number }, bot.Address, cancellationToken);
        var sent = 0L;
        while (sent < load.Acknowledged && Stopwatch.GetElapsedTime(started) < Patience)
        {
            await Task.Delay(20, cancellationToken);
            sent = await provider.CountAsync(cancellationToken) - already;
        }

        _number += load.Sent;
        if (load.Acknowledged < load.Sent || sent != load.Acknowledged)
        {
            // Its late replies would be taken for the product's.
            throw new InvalidOperationException($"The bot acknowledged {load.Acknowledged} of {load.Sent} webhooks and sent {sent} replies within {Patience.TotalSeconds:0} s. {bot.Process.Said}");
        }

        if (keep)
        {
            _rates.Add(sent / Stopwatch.GetElapsedTime(started).TotalSeconds);
            _seconds = (CpuUse.Of(bot.Process) - cpu) / Math.Max(1, sent);
        }
    }

    /// <summary>One line: the rate, and how many times that the product did; true when it is at least the goal.</summary>
    public bool Tell(double product, double goal)
    {
        Console.WriteLine(
            $"a bot of FastAPI and SQLite: {Table.Number(Rate)} full loops/s (rounds: {string.Join(", ", _rates.Select(rate => Table.Number(rate)))}), {Table.Number(_seconds * 1e6)} us of its processor time per loop; "
            + $"product over bot: {Table.Number(product / Rate, "N1")} times (goal {Table.Number(goal)})");
        return product / Rate >= goal;
    }
}
