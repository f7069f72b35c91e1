using System.Collections.Immutable;
using System.Text.Json;
using Channels.Core.Ids;

namespace Channels.Core.Agents;

/// <summary>Something that answers. Knows nothing of channels, providers or grains.</summary>
/// <remarks>One instance per kind serves all tenants. It may be asked the same turn again after a crash: <see cref="AgentTurn.TurnId"/> tells it so.</remarks>
public interface IAgent
{
    /// <summary>The kind's id, as channels name it.</summary>
    string Kind { get; }

    /// <summary>What it answers with, and its settings, for whoever chooses it.</summary>
    AgentDescription Description { get; }

    /// <summary>Whether a message without text (a voice note, a picture) makes sense to it.</summary>
    bool AcceptsMedia(AgentSettings settings);

    /// <summary>How many earlier messages it wants to see; 0 for none. Long ones may be fewer.</summary>
    int HistoryLength(AgentSettings settings);

    /// <summary>Answers one turn. Failures are outcomes; throws only <see cref="OperationCanceledException"/>.</summary>
    /// <exception cref="StoreUnavailableException">The product's own store does not answer an agent that needs it: the turn stays, and is asked again.</exception>
    Task<AgentOutcome> AnswerAsync(AgentTurn turn, AgentSettings settings, CancellationToken cancellationToken);

    /// <summary>Checks settings a tenant gave; each complaint names field, rule and remedy.</summary>
    IEnumerable<AgentComplaint> Check(AgentSettings settings);
}

/// <summary>Implemented by agents that may take a turn now and answer it later, through the API.</summary>
public interface IAnswersLater : IAgent
{
    /// <summary>How long a turn stays open after <see cref="AgentOutcome.Later"/>.</summary>
    TimeSpan ReplyWithin(AgentSettings settings);
}

/// <summary>Implemented by agents that want a message together with its file, where that must first be fetched from the provider.</summary>
public interface IWaitsForFiles : IAgent
{
    /// <summary>How long, from when the message was recorded, its turn waits for the file; zero for not at all. Then the agent is asked all the same, and told that the file is missing.</summary>
    TimeSpan FileWait(AgentSettings settings);
}

/// <summary>What is wrong with one setting of an agent.</summary>
public sealed record AgentComplaint(string Field, string Message);

/// <summary>Which agent a channel has, and its settings with secrets opened. In memory only.</summary>
public sealed record AgentSettings(string Kind, JsonElement Settings)
{
    /// <summary>The agent that only records.</summary>
    public static AgentSettings None { get; } = new("none", default);

    /// <summary>A text setting, or null.</summary>
    public string? Setting(string name) =>
        Settings.ValueKind == JsonValueKind.Object && Settings.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <inheritdoc/>
    public override string ToString() => $"Agent {Kind}";
}

/// <summary>One message to answer, with what was said before.</summary>
/// <param name="TurnId">The same for every repetition of this turn.</param>
/// <param name="Tenant">Whose channel it is: what the agent looks up, it looks up for this tenant.</param>
/// <param name="Conversation">Stable per contact.</param>
/// <param name="Message">What the contact wrote.</param>
/// <param name="History">Earlier messages, oldest first.</param>
/// <param name="Context">The conversation's prompt context, free text set by the tenant.</param>
/// <param name="Locale">The channel's language, a BCP 47 tag.</param>
public sealed record AgentTurn(
    Guid TurnId, TenantId Tenant, ConversationId Conversation, AgentMessage Message, ImmutableArray<AgentMessage> History, string? Context, string Locale);

/// <summary>A message as an agent sees it.</summary>
/// <param name="Role"><c>contact, agent, person</c> or <c>program</c>.</param>
/// <param name="Kind">In the product's vocabulary.</param>
/// <param name="Text">What was said; null for a file without caption.</param>
/// <param name="At">When.</param>
/// <param name="SenderName">The contact's own name, where known.</param>
/// <param name="MediaJson">The file's reference as JSON; null when there is none.</param>
/// <param name="File">What is known of its file; null where there is none, or only its provider has it.</param>
public sealed record AgentMessage(string Role, string Kind, string? Text, DateTimeOffset At, string? SenderName = null, string? MediaJson = null, AgentFile? File = null);

/// <summary>What an agent said. The family is closed.</summary>
public abstract record AgentOutcome
{
    private AgentOutcome()
    {
    }

    /// <summary>The longest text of an agent, in bytes of UTF-8.</summary>
    public const int LongestText = 64 << 10;

    /// <summary>Send this.</summary>
    public sealed record Reply(string Text) : AgentOutcome
    {
        /// <summary>What the contact may choose from: they may answer with an option's text or its number. Empty offers nothing, and leaves an earlier offer as it is.</summary>
        public ImmutableArray<string> Options { get; init; } = [];

        /// <inheritdoc/>
        public bool Equals(Reply? other) => other is not null && Text == other.Text && Options.SequenceEqual(other.Options);

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(Text, Options.Length);
    }

    /// <summary>It took the turn and answers it later: only from an <see cref="IAnswersLater"/>.</summary>
    public sealed record Later : AgentOutcome;

    /// <summary>Say nothing, for this reason.</summary>
    public sealed record Silent(string Reason) : AgentOutcome;

    /// <summary>A person must answer: the agent keeps silent in this conversation until it is handed back.</summary>
    /// <param name="Text">What the contact reads meanwhile; null for nothing.</param>
    /// <param name="Reason">For the tenant; without secrets and texts.</param>
    public sealed record HandOver(string? Text, string Reason) : AgentOutcome;

    /// <summary>It could not answer.</summary>
    /// <param name="Code">A word of ours, lower case with dashes.</param>
    /// <param name="Reason">For the tenant; without secrets and texts.</param>
    public sealed record Failed(string Code, string Reason) : AgentOutcome;
}

/// <summary>All agent kinds known to this process.</summary>
public interface IAgentCatalog
{
    /// <summary>Every kind.</summary>
    IReadOnlyCollection<IAgent> All { get; }

    /// <summary>The agent of that kind, or null.</summary>
    IAgent? Find(string kind);
}
