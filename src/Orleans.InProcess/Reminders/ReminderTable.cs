using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Orleans.Reminders;

/// <summary>One reminder as it is stored. Ticks fall on <paramref name="StartAt"/> (UTC) plus whole periods.</summary>
internal sealed record Reminder(GrainId Grain, string ReminderName, DateTime StartAt, TimeSpan Period, int Version) : IGrainReminder;

/// <summary>Where reminders outlive the process.</summary>
internal interface IReminderTable
{
    Task<List<Reminder>> ReadAllAsync(CancellationToken cancellationToken);

    Task<Reminder?> FindAsync(GrainId grain, string name, CancellationToken cancellationToken);

    /// <summary>Stores it whatever was there, and returns its new version.</summary>
    Task<int> UpsertAsync(Reminder reminder, CancellationToken cancellationToken);

    /// <summary>Deletes it if it still has this version.</summary>
    Task<bool> DeleteAsync(Reminder reminder, CancellationToken cancellationToken);
}

/// <summary>Reminders that live as long as the process.</summary>
internal sealed class MemoryReminderTable : IReminderTable
{
    private readonly ConcurrentDictionary<(GrainId Grain, string Name), Reminder> _rows = new();

    public Task<List<Reminder>> ReadAllAsync(CancellationToken cancellationToken) => Task.FromResult(_rows.Values.ToList());

    public Task<Reminder?> FindAsync(GrainId grain, string name, CancellationToken cancellationToken) =>
        Task.FromResult(_rows.GetValueOrDefault((grain, name)));

    public Task<int> UpsertAsync(Reminder reminder, CancellationToken cancellationToken) => Task.FromResult(
        _rows.AddOrUpdate((reminder.Grain, reminder.ReminderName), reminder, (_, old) => reminder with { Version = old.Version + 1 }).Version);

    public Task<bool> DeleteAsync(Reminder reminder, CancellationToken cancellationToken) => Task.FromResult(
        _rows.TryGetValue((reminder.Grain, reminder.ReminderName), out var row) && row.Version == reminder.Version
        && _rows.TryRemove(new((reminder.Grain, reminder.ReminderName), row)));
}

/// <summary>Reminders in the rows that Orleans' ADO.NET provider would use.</summary>
internal sealed class PostgresReminderTable(OrleansQueries queries, IOptions<InProcessGrainOptions> options) : IReminderTable
{
    private (string, NpgsqlDbType, object?) Service => ("ServiceId", NpgsqlDbType.Text, options.Value.ServiceId);

    // From zero round to zero: the whole ring, which Orleans shares out among silos by grain hash.
    public Task<List<Reminder>> ReadAllAsync(CancellationToken cancellationToken) => queries.RunAsync(
        "ReadRangeRows2Key", Read, [Service, ("BeginHash", NpgsqlDbType.Integer, 0), ("EndHash", NpgsqlDbType.Integer, 0)], cancellationToken);

    public async Task<Reminder?> FindAsync(GrainId grain, string name, CancellationToken cancellationToken) =>
        (await queries.RunAsync("ReadReminderRowKey", Read, [Service, .. Identity(grain, name)], cancellationToken)).SingleOrDefault();

    public async Task<int> UpsertAsync(Reminder reminder, CancellationToken cancellationToken)
    {
        var period = (long)reminder.Period.TotalMilliseconds;
        return (await queries.RunAsync(
            "UpsertReminderRowKey",
            row => Convert.ToInt32(row["Version"], null),
            [
                Service,
                .. Identity(reminder.Grain, reminder.ReminderName),
                ("GrainHash", NpgsqlDbType.Integer, HashOf(reminder.Grain)),
                ("StartTime", NpgsqlDbType.TimestampTz, reminder.StartAt),
                ("Period", period > int.MaxValue ? NpgsqlDbType.Bigint : NpgsqlDbType.Integer, period > int.MaxValue ? period : (int)period),
            ],
            cancellationToken)).Single();
    }

    public async Task<bool> DeleteAsync(Reminder reminder, CancellationToken cancellationToken) => (await queries.RunAsync(
        "DeleteReminderRowKey",
        row => Convert.ToBoolean(row[0], null),
        [Service, .. Identity(reminder.Grain, reminder.ReminderName), ("Version", NpgsqlDbType.Integer, reminder.Version)],
        cancellationToken)).Single();

    internal static int HashOf(GrainId grain) =>
        unchecked((int)((StableHash.Of(grain.TypeName) * 31) + StableHash.Of(grain.KeyText)));

    private static (string, NpgsqlDbType, object?)[] Identity(GrainId grain, string name) =>
        [("GrainId", NpgsqlDbType.Text, grain.ToString()), ("ReminderName", NpgsqlDbType.Text, name)];

    private static Reminder Read(NpgsqlDataReader row) => new(
        GrainId.Parse((string)row["GrainId"]),
        (string)row["ReminderName"],
        DateTime.SpecifyKind((DateTime)row["StartTime"], DateTimeKind.Utc),
        TimeSpan.FromMilliseconds(Convert.ToInt64(row["Period"], null)),
        Convert.ToInt32(row["Version"], null));
}
