using System.Collections.Immutable;

namespace Channels.Core.Channels;

/// <summary>What a channel's owner decided about answering. Applied after the parser, never inside it.</summary>
/// <param name="Groups">Whether group messages start agent turns.</param>
/// <param name="AnswerMaxAge">Live messages older than this are kept but not answered; null answers them whatever their age.</param>
/// <param name="TakeoverPause">How long the agent keeps silent after a person answered on the phone.</param>
/// <param name="Locale">Language of our own texts to contacts (the apology), as a BCP 47 tag.</param>
/// <param name="Apology">The tenant's own apology text; null takes ours in <paramref name="Locale"/>.</param>
public sealed record ChannelPolicy(bool Groups, TimeSpan? AnswerMaxAge, TimeSpan TakeoverPause, string Locale, string? Apology)
{
    /// <summary>Defaults: no groups, any age, half an hour of silence after a person (long enough for a chat, short enough not to forget the bot), English.</summary>
    public static ChannelPolicy Default { get; } = new(false, null, TimeSpan.FromMinutes(30), "en", null);

    /// <summary>Messages of ours that have waited longer than this fail when they would leave, unless they were tried before; null sends them however late.</summary>
    /// <value>Default: null, because what was accepted is sent unless its owner says otherwise.</value>
    public TimeSpan? ReplyMaxAge { get; init; }

    /// <summary>What the contact notices when the agent could not answer.</summary>
    /// <value>Default: the apology, because a contact who hears nothing writes again or goes away.</value>
    public OnAgentFailure OnAgentFailure { get; init; } = OnAgentFailure.Apologise;

    /// <summary>What a contact writes to get a person instead of the agent, each a whole message.</summary>
    /// <value>Default: none.</value>
    public ImmutableArray<string> HandoverKeywords { get; init; } = [];

    /// <summary>What the contact reads when the conversation is handed over by a keyword or after a failure; null for nothing.</summary>
    public string? HandoverText { get; init; }

    /// <summary>How long the agent waits for a contact's next message before it answers all of them at once.</summary>
    /// <value>Default: zero, because any wait is added to every answer, also to the many that have no second message.</value>
    public TimeSpan Debounce { get; init; }

    /// <summary>Whether the contact is shown that somebody is typing while the agent takes its time, where the channel kind can.</summary>
    /// <value>Default: no, because each sign is one more call to a provider that counts calls.</value>
    public bool Typing { get; init; }
}

/// <summary>What follows when an agent could not answer. Never more than this one turn, except after a hand-over.</summary>
public enum OnAgentFailure
{
    /// <summary>The contact gets the channel's apology.</summary>
    Apologise = 0,

    /// <summary>The contact gets nothing.</summary>
    Silent,

    /// <summary>A person must answer, until the conversation is given back.</summary>
    HandOver,
}
