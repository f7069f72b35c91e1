using System.Globalization;
using Channels.Bench.Sides;

namespace Channels.Bench.Telling;

/// <summary>What a Postgres server has done so far: processor time, and what it wrote to its log.</summary>
/// <param name="Seconds">Of all its processes. What has ended cannot be told apart any more: closed connections, vacuums.</param>
/// <param name="Checkpoints">Seconds of the process that writes pages back at a checkpoint.</param>
/// <param name="WalBytes">Bytes of log.</param>
/// <param name="PageImages">Whole pages in the log: each page's first change after a checkpoint.</param>
internal sealed record StoreUse(double Seconds, double Checkpoints, double WalBytes, double PageImages)
{
    // Backends tell their figures once a second.
    private static readonly TimeSpan Tell = TimeSpan.FromSeconds(1.5);

    /// <summary>As of now. Takes a moment.</summary>
    public static async Task<StoreUse> OfAsync(Product product, CancellationToken cancellationToken)
    {
        await Task.Delay(Tell, cancellationToken);
        var said = (await product.AskAsync("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn || ' ' || (select wal_fpi from pg_stat_wal)", cancellationToken)).Split(' ');
        var (checkpoints, all) = CpuUse.OfServerByKind(product.Postmaster);
        return new StoreUse(all, checkpoints, Parse(said[0]), Parse(said[1]));
    }

    public static StoreUse operator -(StoreUse after, StoreUse before) => new(
        after.Seconds - before.Seconds, after.Checkpoints - before.Checkpoints, after.WalBytes - before.WalBytes, after.PageImages - before.PageImages);

    private static double Parse(string number) => double.Parse(number, CultureInfo.InvariantCulture);
}
