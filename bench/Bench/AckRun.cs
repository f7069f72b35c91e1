using System.Diagnostics;
using System.Globalization;
using Channels.Bench.Load;
using Channels.Bench.Sides;
using Channels.Bench.Telling;

namespace Channels.Bench;

/// <summary>The rounds of one <see cref="AckBench"/>, and the ledger that shows whether anything was lost.</summary>
internal sealed class AckRun(
    AckYardstick bare, AckYardstick oneTransaction, Product product, LoadPlan productLoad, TimeSpan drainLimit, CancellationToken cancellationToken)
{
    private readonly List<Round> _rounds = [];
    private long _number;
    private long _acknowledged;
    private bool _drained = true;

    // The product comes last and ends drained: while the others run it has nothing to do.
    public async Task RoundAsync(TimeSpan duration) =>
        _rounds.Add(new Round(await BareAsync(duration), await OneTransactionAsync(duration), await ProductAsync(duration)));

    public Task<Side> BareAsync(TimeSpan duration) => YardstickAsync(bare, duration);

    public async Task<Side> OneTransactionAsync(TimeSpan duration)
    {
        var side = await YardstickAsync(oneTransaction, duration);
        var stored = long.Parse(await product.AskAsync($"select count(*) from {OneTransactionEndpoint.Table}", cancellationToken), CultureInfo.InvariantCulture);
        await product.RunAsync($"truncate {OneTransactionEndpoint.Table}", cancellationToken);
        return stored == side.Load.Acknowledged ? side : throw new InvalidOperationException($"The yardstick acknowledged {side.Load.Acknowledged} webhooks and stored {stored}.");
    }

    public Task<Side> ProductAsync(TimeSpan duration) => ProductAsync(productLoad with { Duration = duration });

    /// <summary>The product at a fixed rate, on schedule whatever its answers do.</summary>
    /// <param name="duration">How long.</param>
    /// <param name="rate">Webhooks a second; 0: half of the rate it reached.</param>
    public Task<Side> SteadyAsync(TimeSpan duration, double rate) =>
        ProductAsync(productLoad with { Duration = duration, Rate = rate > 0 ? rate : Table.Median(_rounds.Select(round => round.Product.Load.Rate)) / 2 });

    private async Task<Side> ProductAsync(LoadPlan plan)
    {
        var before = await product.LedgerAsync(cancellationToken);
        var (cpu, postgres, own) = (CpuUse.Of(product.Process), CpuUse.OfServer(product.Postmaster), CpuUse.Own);
        var load = await LoadGenerator.RunAsync(plan with { FirstNumber = _number }, product.Address, cancellationToken);
        var (cpuAfter, postgresAfter, ownAfter) = (CpuUse.Of(product.Process), CpuUse.OfServer(product.Postmaster), CpuUse.Own);
        var started = Stopwatch.GetTimestamp();
        var atEnd = await product.LedgerAsync(cancellationToken);
        _number += load.Sent;
        _acknowledged += load.Acknowledged;
        var drained = await product.DrainedAsync(before.Finished + before.Parked + load.Acknowledged, drainLimit, cancellationToken);
        _drained &= drained is not null;
        return new Side(
            load, cpuAfter - cpu, postgresAfter - postgres, ownAfter - own, atEnd.Finished - before.Finished, drained is null ? null : Stopwatch.GetElapsedTime(started));
    }

    /// <summary>Prints everything; true when the goals are reached and nothing was lost.</summary>
    /// <param name="goal">Product over bare.</param>
    /// <param name="steady">The product at a fixed rate.</param>
    /// <param name="steadyGoal">Its p99, in milliseconds.</param>
    public async Task<bool> TellAsync(double goal, Side steady, double steadyGoal)
    {
        var table = new Table("side", "acks/s", "p50 ms", "p99 ms", "errors", "cpu us/ack", "postgres", "generator", "drained meanwhile", "waiting", "until empty s");
        foreach (var round in _rounds)
        {
            Row(table, "bare", round.Bare, isProduct: false);
            Row(table, "one-tx", round.OneTransaction, isProduct: false);
            Row(table, "product", round.Product, isProduct: true);
        }

        Row(table, "steady", steady, isProduct: true);
        table.Print();
        var ratio = Table.Median(_rounds.Select(round => round.Product.Load.Rate / round.Bare.Load.Rate));
        var oneRatio = Table.Median(_rounds.Select(round => round.Product.Load.Rate / round.OneTransaction.Load.Rate));
        var oneCpuRatio = Table.Median(_rounds.Select(round => round.OneTransaction.AllPerAck / round.Product.AllPerAck));
        var cpuRatio = Table.Median(_rounds.Select(round => round.Bare.CpuPerAck / round.Product.AllPerAck));
        Console.WriteLine($"""
            medians: bare {Rate(round => round.Bare)} acks/s, one transaction per webhook {Rate(round => round.OneTransaction)} acks/s, product {Rate(round => round.Product)} acks/s
            product over bare: {ratio:P1} (goal {goal:P0}); product over one transaction per webhook: {Table.Number(oneRatio, "N2")} times
            drain's rate while webhooks come: {Table.Number(Table.Median(_rounds.Select(round => round.Product.Finished / round.Product.Load.Elapsed.TotalSeconds)))}/s; once they stopped: {Table.Number(Table.Median(_rounds.Select(round => round.Product.DrainRate)))}/s; what it gets done while they come is {Table.Median(_rounds.Select(round => round.Product.DrainedMeanwhile)):P0} of what the whole machine gets done
            processor time per acknowledgement, stores and the product's draining included: bare over product {cpuRatio:P1}, one transaction per webhook over product {Table.Number(oneCpuRatio, "N2")} times
            at {Table.Number(steady.Load.Rate)} acks/s, on schedule ({steady.Load.Rate / Table.Median(_rounds.Select(round => round.Product.Load.Rate)):P0} of its rate), {steady.Finished / (double)steady.Load.Acknowledged:P0} drained meanwhile: p50 {steady.Load.Milliseconds(0.5):N1} ms, p99 {steady.Load.Milliseconds(0.99):N1} ms (goal {steadyGoal:0} ms)
            of these later than {steadyGoal:0} ms, by when they were due (the latest): {steady.Load.Late.Tell(TimeSpan.FromMilliseconds(steadyGoal))}
            """);
        if (_rounds.Any(round => round.Product.Load.Sent != round.Product.Load.Acknowledged))
        {
            TellTrouble();
        }

        return await IsCompleteAsync() & ratio >= goal & steady.Load.Milliseconds(0.99) <= steadyGoal;
    }

    // Without their times, so that the same trouble is told once.
    private void TellTrouble()
    {
        Console.WriteLine("the product's warnings:");
        foreach (var (line, times) in product.Process.Said.Split('\n').Select(Warning).Where(line => line.Length > 0).CountBy(line => line).OrderByDescending(line => line.Value).Take(10))
        {
            Console.WriteLine($"{times,7} x {line}");
        }

        static string Warning(string line) => line[Math.Max(line.IndexOf("warn: ", StringComparison.Ordinal), line.IndexOf("fail: ", StringComparison.Ordinal)) is >= 0 and var at ? at.. : line.Length..];
    }

    private async Task<bool> IsCompleteAsync()
    {
        var ledger = await product.LedgerAsync(cancellationToken);
        var complete = _drained && ledger.Recorded + ledger.Duplicates == _acknowledged && ledger.Parked == 0;
        Console.WriteLine(
            $"ledger: {_acknowledged:N0} acknowledged, {ledger.Recorded:N0} recorded, {ledger.Duplicates:N0} duplicates, {ledger.Parked:N0} parked: {(complete ? "nothing lost" : _drained ? "NOT COMPLETE" : "not drained in time")}");
        return complete;
    }

    private async Task<Side> YardstickAsync(AckYardstick yardstick, TimeSpan duration)
    {
        var (cpu, postgres, own) = (CpuUse.Of(yardstick.Process), CpuUse.OfServer(product.Postmaster), CpuUse.Own);
        var load = await LoadGenerator.RunAsync(yardstick.Load with { Duration = duration, FirstNumber = _number }, yardstick.Address, cancellationToken);
        _number += load.Sent;
        return new Side(load, CpuUse.Of(yardstick.Process) - cpu, CpuUse.OfServer(product.Postmaster) - postgres, CpuUse.Own - own, 0, null);
    }

    private string Rate(Func<Round, Side> side) => Table.Number(Table.Median(_rounds.Select(round => side(round).Load.Rate)));

    private static void Row(Table table, string name, Side side, bool isProduct)
    {
        table.Add(
            name,
            Table.Number(side.Load.Rate),
            Table.Number(side.Load.Milliseconds(0.5), "N2"),
            Table.Number(side.Load.Milliseconds(0.99), "N2"),
            side.Load.Sent == side.Load.Acknowledged ? "0" : $"{side.Load.Errors} {string.Join(' ', side.Load.Statuses.Where(pair => pair.Key != 200).Select(pair => $"{pair.Key}:{pair.Value}"))}",
            Table.Number(side.CpuPerAck, "N1"),
            Table.Number(side.PostgresPerAck, "N1"),
            Table.Number(side.OwnPerAck, "N1"),
            isProduct ? Table.Number(side.Finished) : "",
            isProduct ? Table.Number(side.Load.Acknowledged - side.Finished) : "",
            isProduct ? side.Drain is { } drain ? Table.Number(drain.TotalSeconds, "N1") : "never" : "");
    }

    /// <summary>One side of one round. Processor time in seconds; <paramref name="Finished"/> webhooks were done with when the load ended.</summary>
    internal sealed record Side(LoadResult Load, double Cpu, double Postgres, double Own, long Finished, TimeSpan? Drain)
    {
        public double CpuPerAck => Cpu / Load.Acknowledged * 1e6;

        public double PostgresPerAck => Postgres / Load.Acknowledged * 1e6;

        public double AllPerAck => CpuPerAck + PostgresPerAck;

        public double OwnPerAck => Own / Load.Acknowledged * 1e6;

        /// <summary>Of what is drained in the same time when nothing else is to be done: draining's share of the machine.</summary>
        public double DrainedMeanwhile => Finished / Load.Elapsed.TotalSeconds / DrainRate;

        public double DrainRate => Drain is { } drain && Load.Acknowledged - Finished > 1000 ? (Load.Acknowledged - Finished) / drain.TotalSeconds : double.NaN;
    }

    private sealed record Round(Side Bare, Side OneTransaction, Side Product);
}

/// <summary>What the product is measured beside.</summary>
internal sealed record AckYardstick(OwnProcess Process, Uri Address, LoadPlan Load);
