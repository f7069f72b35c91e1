namespace Channels.Core.Conversations;

/// <summary>For how long an agent keeps silent in a conversation.</summary>
public static class AgentPause
{
    /// <summary>Until somebody resumes it: a date every client can read, and nothing lasts longer.</summary>
    public static DateTimeOffset UntilResumed { get; } = new(9999, 1, 1, 0, 0, 0, TimeSpan.Zero);
}
