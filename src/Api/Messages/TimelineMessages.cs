using System.Text.Json.Serialization;

namespace Channels.Api.Messages;

/// <summary>A message's way.</summary>
/// <param name="MessageId">Which message.</param>
/// <param name="ChannelId">Its channel.</param>
/// <param name="ConversationId">Its conversation.</param>
/// <param name="Direction"><c>in</c> or <c>out</c>.</param>
/// <param name="Kind">What sort of message.</param>
/// <param name="Status">As in the conversation's messages.</param>
/// <param name="State"><c>done</c>, <c>in_progress</c> or <c>attention</c>.</param>
/// <param name="Problem">What is wrong first, and what to do; null when nothing is.</param>
/// <param name="Answers">Of a reply: the message it answers.</param>
/// <param name="Replies">Of a contact's message: what was said to it.</param>
/// <param name="Steps">Oldest first.</param>
internal sealed record TimelineAnswer(
    Guid MessageId, Guid ChannelId, Guid ConversationId, string Direction, string Kind, string Status, string State, TimelineProblem? Problem, Guid? Answers,
    IReadOnlyList<Guid> Replies, IReadOnlyList<TimelineStep> Steps);

/// <summary>What is wrong: what, since when, which button to press.</summary>
internal sealed record TimelineProblem(string Step, string What, DateTimeOffset? Since, string NextStep);

/// <summary>One step of a message's way.</summary>
/// <param name="Step"><c>posted, stored, recorded, repeated, routed, asked, queued, sent, delivered, read</c>.</param>
/// <param name="State"><c>done, pending, waiting, failed</c> or <c>unknown</c>.</param>
/// <param name="At">When it happened; null while it has not, or where nobody recorded it.</param>
internal sealed record TimelineStep(string Step, string State, DateTimeOffset? At)
{
    /// <summary>Of a reply's step, in the timeline of the message it answers: which reply.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? MessageId { get; init; }

    /// <summary>How often it was tried, or, for <c>repeated</c>, how often the provider brought it again.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Attempts { get; init; }

    /// <summary>What happened, or what is wrong, in words.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? What { get; init; }

    /// <summary>Since when something is wrong.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? Since { get; init; }

    /// <summary>What to do about it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NextStep { get; init; }

    /// <summary>Of <c>sent</c>, while the message waits: for what, since when, until when, and what to do.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public WaitingAnswer? Waiting { get; init; }

    /// <summary>Of <c>sent</c>: not tried again before.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>Of <c>sent</c>: the provider's id.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ProviderMessageId { get; init; }

    /// <summary>Of <c>sent</c>: it may have reached the contact twice.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? PossiblyDuplicate { get; init; }

    /// <summary>Of <c>sent</c>: how the provider was asked whether it has the message.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LookUps? LookUps { get; init; }
}

/// <summary>How often a provider was asked whether it has a message; when last and what it said, while that is open.</summary>
internal sealed record LookUps(
    int Times, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? LastAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? LastAnswer);
