using Channels.Core.Agents;

namespace Channels.Agents;

/// <summary>Says the same text back: for trying a channel out, and for measuring everything but the agent.</summary>
internal sealed class EchoAgent : IAgent
{
    /// <inheritdoc/>
    public string Kind => "echo";

    /// <inheritdoc/>
    public AgentDescription Description { get; } = new("The same text, for trying a channel out", []);

    /// <inheritdoc/>
    public bool AcceptsMedia(AgentSettings settings) => false;

    /// <inheritdoc/>
    public int HistoryLength(AgentSettings settings) => 0;

    /// <inheritdoc/>
    public Task<AgentOutcome> AnswerAsync(AgentTurn turn, AgentSettings settings, CancellationToken cancellationToken) => Task.FromResult<AgentOutcome>(
        string.IsNullOrWhiteSpace(turn.Message.Text) ? new AgentOutcome.Silent("there is no text to say back") : new AgentOutcome.Reply(turn.Message.Text));

    /// <inheritdoc/>
    public IEnumerable<AgentComplaint> Check(AgentSettings settings) => AgentSettingsCheck.Unknown(settings, Description);
}
