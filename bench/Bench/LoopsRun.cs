using System.Diagnostics;
using System.Globalization;
using Channels.Bench.Load;
using Channels.Bench.Sides;
using Channels.Bench.Telling;

namespace Channels.Bench;

/// <summary>The rounds of one <see cref="LoopsBench"/>, and the check of every single send.</summary>
internal sealed class LoopsRun(Provider provider, Product product, LoadPlan plan, List<BenchChannel> channels, CancellationToken cancellationToken)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    private readonly List<Backlog> _rounds = [];
    private readonly Table _table = new("round", "loops/s", "posted/s", "ack p50 ms", "ack p99 ms", "errors", "cpu us/loop: product", "postgres", "provider", "generator", "all");
    private readonly List<string> _complaints = [];
    private long _number;
    private string _steady = "";

    /// <summary>Loops a second over the rounds kept.</summary>
    public double Rate => Table.Median(_rounds.Select(round => round.Rate));

    /// <summary>Loops a second in the last round kept.</summary>
    public double LastRate => _rounds[^1].Rate;

    /// <summary>What was wrong so far.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    public async Task BacklogAsync(int messages, bool keep)
    {
        var already = await provider.CountAsync(cancellationToken);
        var cpu = Cpu();
        var started = Stopwatch.GetTimestamp();
        var load = await LoadGenerator.RunAsync(plan with { Messages = messages, FirstNumber = _number }, product.Address, cancellationToken);
        var complete = await SentAsync(already + load.Acknowledged);
        var elapsed = Stopwatch.GetElapsedTime(started);
        var used = Cpu();
        var sends = await provider.SendsAsync(already, cancellationToken);
        Check(load, sends, _number);
        _number += load.Sent;
        if (!complete)
        {
            _complaints.Add($"{load.Acknowledged} acknowledged, only {sends.Count} sent after {Patience.TotalSeconds:0} s");
        }

        if (keep)
        {
            _rounds.Add(new Backlog(sends.Count / elapsed.TotalSeconds));
            var each = 1e6 / Math.Max(1, sends.Count);
            var (mine, store, theirs, own) = (used.Product - cpu.Product, used.Postgres - cpu.Postgres, used.Provider - cpu.Provider, used.Own - cpu.Own);
            _table.Add(
                $"backlog {_rounds.Count}", Table.Number(_rounds[^1].Rate), Table.Number(load.Rate), Table.Number(load.Milliseconds(0.5), "N1"), Table.Number(load.Milliseconds(0.99), "N1"),
                Table.Number(load.Sent - load.Acknowledged), Table.Number(mine * each), Table.Number(store * each), Table.Number(theirs * each), Table.Number(own * each),
                Table.Number((mine + store + theirs + own) * each));
        }
    }

    /// <summary>Posts at a fixed rate and measures from when a webhook was due until the provider had its answer.</summary>
    public async Task SteadyAsync(int rate, TimeSpan duration)
    {
        var already = await provider.CountAsync(cancellationToken);
        var load = await LoadGenerator.RunAsync(plan with { Rate = rate, Duration = duration, FirstNumber = _number }, product.Address, cancellationToken);
        var complete = await SentAsync(already + load.Acknowledged);
        var sends = await provider.SendsAsync(already, cancellationToken);
        Check(load, sends, _number);
        if (!complete)
        {
            _complaints.Add($"at a fixed rate {load.Acknowledged} acknowledged, only {sends.Count} sent");
        }

        var latencies = sends.Select(send => (send.At - load.DueAt[(int)(NumberOf(send) - _number)]).TotalMilliseconds).Order().ToList();
        _number += load.Sent;
        _steady = latencies.Count == 0
            ? "fixed rate: nothing was sent"
            : $"fixed rate: {rate}/s for {duration.TotalSeconds:0} s: from post to the provider's call p50 {latencies[latencies.Count / 2]:N1} ms, p99 {latencies[(int)(latencies.Count * 0.99)]:N1} ms; acknowledged p50 {load.Milliseconds(0.5):N1} ms, p99 {load.Milliseconds(0.99):N1} ms";
    }

    /// <summary>Prints everything; true when the goal is reached and every send was right.</summary>
    public async Task<bool> TellAsync(double goal)
    {
        _table.Print();
        Console.WriteLine($"median: {Table.Number(Rate)} full loops/s (goal {Table.Number(goal)} with the machine to ourselves)");
        Console.WriteLine(_steady);
        var ledger = await product.LedgerAsync(cancellationToken);
        Console.WriteLine($"ledger: {ledger.Recorded:N0} recorded, {ledger.Duplicates:N0} duplicates, {ledger.Parked:N0} parked, {ledger.Sent:N0} sent");
        foreach (var complaint in _complaints)
        {
            Console.WriteLine($"WRONG: {complaint}");
        }

        Console.WriteLine(_complaints.Count == 0 ? "checked: every webhook answered once, by its channel, in its conversation's order" : "NOT CORRECT");
        return _complaints.Count == 0 && Rate >= goal;
    }

    private async Task<bool> SentAsync(long count)
    {
        var started = Stopwatch.GetTimestamp();
        while (await provider.CountAsync(cancellationToken) < count)
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                return false;
            }

            await Task.Delay(20, cancellationToken);
        }

        return true;
    }

    // A contact's messages have rising numbers and go over one connection: the sends to it must rise as well.
    private void Check(LoadResult load, List<TakenSend> sends, long first)
    {
        var doubles = sends.Count - sends.Select(send => send.Text).Distinct().Count();
        var strangers = sends.Count(send => NumberOf(send) is var number && (number < first || number >= first + load.Sent));
        var astray = sends.Count(send => send.Instance != channels[ContactOf(send) % channels.Count].Name);
        var swapped = sends.GroupBy(send => send.To).SelectMany(chat => chat.Zip(chat.Skip(1)).Where(pair => NumberOf(pair.Second) <= NumberOf(pair.First))).ToList();
        Complain(doubles, "sends are doubles");
        Complain(strangers, "sends answer nothing that was posted");
        Complain(astray, "sends left by another channel");
        Complain(swapped.Count, $"sends are out of their conversation's order, first {swapped.FirstOrDefault()}");
        Complain(load.Sent - load.Acknowledged, "webhooks were not acknowledged");
    }

    private void Complain(long count, string what)
    {
        if (count != 0)
        {
            _complaints.Add($"{count} {what}");
        }
    }

    private static long NumberOf(TakenSend send) => long.Parse(send.Text.AsSpan("text ".Length), CultureInfo.InvariantCulture);

    private static int ContactOf(TakenSend send) => (int)(long.Parse(send.To, CultureInfo.InvariantCulture) % 10_000_000_000);

    private (double Product, double Postgres, double Provider, double Own) Cpu() =>
        (CpuUse.Of(product.Process), CpuUse.OfServer(product.Postmaster), CpuUse.Of(provider.Process), CpuUse.Own);

    private sealed record Backlog(double Rate);
}
