namespace Orleans;

/// <summary>Reminders of the grain that calls: stored, so that they outlive activation and process.</summary>
public static class GrainReminderExtensions
{
    /// <summary>Sets a reminder, replacing one of the same name; cancelled before that, it sets none. In Orleans these are two methods.</summary>
    public static Task<IGrainReminder> RegisterOrUpdateReminder(this IGrainBase grain, string reminderName, TimeSpan dueTime, TimeSpan period, CancellationToken cancellationToken = default) =>
        grain is IRemindable
            ? Of(grain).RegisterAsync(grain.GrainContext.GrainId, reminderName, dueTime, period, cancellationToken)
            : throw new InvalidOperationException($"{grain.GetType()} wants reminders but is not {nameof(IRemindable)}.");

    /// <summary>Ends a reminder.</summary>
    public static Task UnregisterReminder(this IGrainBase grain, IGrainReminder reminder) => Of(grain).UnregisterAsync(reminder);

    /// <summary>Finds a reminder, or null.</summary>
    public static async Task<IGrainReminder?> GetReminder(this IGrainBase grain, string reminderName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reminderName);
        return await Of(grain).Table.FindAsync(grain.GrainContext.GrainId, reminderName, CancellationToken.None);
    }

    private static ReminderService Of(IGrainBase grain) => ((Activation)grain.GrainContext).Catalog.Services.GetService<ReminderService>()
        ?? throw new InvalidOperationException("This host has no reminders; add AddMemoryGrainStorage or AddPostgresGrainStorage.");
}
