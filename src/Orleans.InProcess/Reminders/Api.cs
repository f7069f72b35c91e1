using Microsoft.Extensions.DependencyInjection;
using Orleans.Reminders;
using Orleans.Runtime;

namespace Orleans
{
    /// <summary>A grain that reminders may wake.</summary>
    public interface IRemindable : IGrain
    {
        /// <summary>An ordinary call: it takes its turn, and activates the grain if need be.</summary>
        Task ReceiveReminder(string reminderName, TickStatus status);
    }

    /// <summary>Reminders of the grain that calls: stored, so that they outlive activation and process.</summary>
    public static class GrainReminderExtensions
    {
        /// <summary>Sets a reminder, replacing one of the same name.</summary>
        public static Task<IGrainReminder> RegisterOrUpdateReminder(this IGrainBase grain, string reminderName, TimeSpan dueTime, TimeSpan period) =>
            grain is IRemindable
                ? Of(grain).RegisterAsync(grain.GrainContext.GrainId, reminderName, dueTime, period)
                : throw new InvalidOperationException($"{grain.GetType()} wants reminders but is not {nameof(IRemindable)}.");

        /// <summary>Ends a reminder.</summary>
        public static Task UnregisterReminder(this IGrainBase grain, IGrainReminder reminder) => Of(grain).UnregisterAsync(reminder);

        /// <summary>Finds a reminder, or null.</summary>
        public static async Task<IGrainReminder?> GetReminder(this IGrainBase grain, string reminderName)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(reminderName);
            return await Of(grain).Table.FindAsync(grain.GrainContext.GrainId, reminderName, CancellationToken.None);
        }

        private static ReminderService Of(IGrainBase grain) =>
            grain.GrainContext.ActivationServices.GetService<ReminderService>()
            ?? throw new InvalidOperationException("This host has no reminders; add AddMemoryGrainStorage or AddPostgresGrainStorage.");
    }
}

namespace Orleans.Runtime
{
    /// <summary>A reminder that is set.</summary>
    public interface IGrainReminder
    {
        string ReminderName { get; }
    }

    /// <summary>Which tick a reminder call is. Times are UTC.</summary>
    [GenerateSerializer, Immutable]
    public readonly struct TickStatus(DateTime firstTickTime, TimeSpan period, DateTime timeStamp)
    {
        [Id(0)]
        public DateTime FirstTickTime { get; } = firstTickTime;

        [Id(1)]
        public TimeSpan Period { get; } = period;

        [Id(2)]
        public DateTime CurrentTickTime { get; } = timeStamp;
    }
}
