using System.Globalization;
using Channels.Bench.Sides;

namespace Channels.Bench.Telling;

/// <summary>What a Postgres server has done so far: processor time by the kind of its processes, and what it wrote to its log.</summary>
/// <param name="Backends">Seconds of the processes that run the product's statements.</param>
/// <param name="Checkpoints">Seconds of the process that writes pages back at a checkpoint.</param>
/// <param name="Others">Seconds of all others: those that write in the background, and those that vacuum and analyse.</param>
/// <param name="WalBytes">Bytes of log.</param>
/// <param name="PageImages">Whole pages in the log: each page's first change after a checkpoint.</param>
internal sealed record StoreUse(double Backends, double Checkpoints, double Others, double WalBytes, double PageImages)
{
    // Backends tell their figures once a second.
    private static readonly TimeSpan Tell = TimeSpan.FromSeconds(1.5);

    /// <summary>As of now. Takes a moment.</summary>
    public static async Task<StoreUse> OfAsync(Product product, CancellationToken cancellationToken)
    {
        await Task.Delay(Tell, cancellationToken);
        var said = (await product.AskAsync("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn || ' ' || (select wal_fpi from pg_stat_wal)", cancellationToken)).Split(' ');
        var (backends, checkpoints, all) = CpuUse.OfServerByKind(product.Postmaster);
        return new StoreUse(backends, checkpoints, all - backends - checkpoints, Parse(said[0]), Parse(said[1]));
    }

    public static StoreUse operator -(StoreUse after, StoreUse before) => new(
        after.Backends - before.Backends, after.Checkpoints - before.Checkpoints, after.Others - before.Others, after.WalBytes - before.WalBytes, after.PageImages - before.PageImages);

    public static StoreUse operator +(StoreUse one, StoreUse other) => new(
        one.Backends + other.Backends, one.Checkpoints + other.Checkpoints, one.Others + other.Others, one.WalBytes + other.WalBytes, one.PageImages + other.PageImages);

    /// <summary>Seconds in all.</summary>
    public double Seconds => Backends + Checkpoints + Others;

    private static double Parse(string number) => double.Parse(number, CultureInfo.InvariantCulture);
}
