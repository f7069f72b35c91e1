using Channels.Core.Agents;

namespace Channels.Agents;

/// <summary>Answers nothing: the channel only records.</summary>
internal sealed class NoAgent : IAgent
{
    private static readonly Task<AgentOutcome> Nothing = Task.FromResult<AgentOutcome>(new AgentOutcome.Silent("record only"));

    /// <inheritdoc/>
    public string Kind => AgentSettings.None.Kind;

    /// <inheritdoc/>
    public AgentDescription Description { get; } = new("Nothing: the channel only records", []);

    /// <inheritdoc/>
    public bool AcceptsMedia(AgentSettings settings) => false;

    /// <inheritdoc/>
    public int HistoryLength(AgentSettings settings) => 0;

    /// <inheritdoc/>
    public Task<AgentOutcome> AnswerAsync(AgentTurn turn, AgentSettings settings, CancellationToken cancellationToken) => Nothing;

    /// <inheritdoc/>
    public IEnumerable<AgentComplaint> Check(AgentSettings settings) => AgentSettingsCheck.Unknown(settings, Description);
}
