namespace Orleans;

/// <summary>A grain that reminders may wake.</summary>
public interface IRemindable : IGrain
{
    /// <summary>An ordinary call: it takes its turn, and activates the grain if need be.</summary>
    Task ReceiveReminder(string reminderName, TickStatus status);
}
