using System.Text.Json;
using System.Text.Json.Serialization;
using Channels.Api.Messages;
using Channels.Api.Requests;
using Channels.Core.Channels;
using Channels.Storage.Channels;

namespace Channels.Api.Channels;

/// <summary>What a channel's owner may set. In a partial change (PATCH) only what is given changes.</summary>
internal record ChannelSettings
{
    /// <summary>As its owner calls it.</summary>
    public string? Name { get; init; }

    /// <summary>The account's own id at the provider: a phone number, a bot, a mailbox. Absent: the channel's id until the provider tells.</summary>
    public string? Identity { get; init; }

    /// <summary>What the provider must present to us, 16 characters or more. Absent: one is made.</summary>
    public string? WebhookSecret { get; init; }

    /// <summary>The kind's settings; see <c>GET /api/channels</c> for their schema.</summary>
    public JsonElement? Config { get; init; }

    /// <summary>Who answers: <c>{"kind":"echo"}</c>, <c>{"kind":"none"}</c>, <c>{"kind":"http","url":…,"secret":…}</c>, <c>{"kind":"openai","model":…,"api_key":…}</c>, <c>{"kind":"knowledge"}</c>; see <c>GET /api/v1/agents</c>.</summary>
    public JsonElement? Agent { get; init; }

    /// <summary>Whether group messages are answered. Default: false.</summary>
    public bool? Groups { get; init; }

    /// <summary>Messages older than this many whole seconds are kept but not answered. Default: answered whatever their age.</summary>
    public double? AnswerMaxAge { get; init; }

    /// <summary>Messages of ours that have waited this many whole seconds (60 or more) to be sent, and certainly did not leave, fail instead of leaving late. Default: they leave however late.</summary>
    public double? ReplyMaxAge { get; init; }

    /// <summary>For how many whole seconds the agent keeps silent after a person answered on the phone. Default: 1800.</summary>
    public double? TakeoverPause { get; init; }

    /// <summary>Language of our own texts to contacts, as a BCP 47 tag. Default: en.</summary>
    public string? Locale { get; init; }

    /// <summary>What a contact gets when the agent cannot answer. Default: a text in the channel's locale.</summary>
    public string? Apology { get; init; }

    /// <summary>What follows when the agent cannot answer: <c>apologise</c>, <c>silent</c> or <c>hand_over</c>. Default: apologise.</summary>
    public string? OnAgentFailure { get; init; }

    /// <summary>What a contact writes to get a person, each a whole message; case and the punctuation around it do not matter. Up to 50. Default: none.</summary>
    public IReadOnlyList<string?>? HandoverKeywords { get; init; }

    /// <summary>What the contact reads when a keyword or a failure hands the conversation over. Default: nothing.</summary>
    public string? HandoverText { get; init; }

    /// <summary>For how many milliseconds (0 to 10 000) after a message the agent waits for the next one, to answer all of them at once; three times that at the most. Default: 0, each message is answered by itself.</summary>
    public int? DebounceMs { get; init; }

    /// <summary>Whether contacts see somebody typing while the agent takes longer than a second, where the kind can show it. Default: false.</summary>
    public bool? Typing { get; init; }

    /// <summary>Where its conversations belong. Default: the tenant's default org unit.</summary>
    public Guid? OrgUnitId { get; init; }
}

/// <summary>A channel to be made.</summary>
[ReadOn]
[RefusedWithout("name")]
internal sealed record CreateChannel : ChannelSettings
{
    /// <summary>The channel kind.</summary>
    public required string ChannelType { get; init; }

    /// <summary>Activate it as well. The channel is made even when its provider does not go along; <c>activation</c> says so.</summary>
    public bool? Activate { get; init; }
}

/// <summary>A channel to be changed; the kind stays.</summary>
[ReadOn]
internal record ChangeChannel : ChannelSettings
{
    /// <summary>May be given when it is the kind the channel has.</summary>
    public string? ChannelType { get; init; }
}

/// <summary>A channel to be changed as a whole: what is left out takes its default. Kept are the kind, <c>identity</c>, <c>webhook_secret</c>, and secrets inside <c>config</c> and, of the same kind, <c>agent</c>.</summary>
[ReadOn]
[RefusedWithout("name")]
internal sealed record ReplaceChannel : ChangeChannel;

/// <summary>A channel. <c>webhook_secret</c> is there only in the answer that made it; other secrets are never shown.</summary>
internal sealed record ChannelAnswer(
    Guid Id, string Name, string ChannelType, string Identity, string Status, string? StatusCode, string? StatusReason, string? NextStep,
    DateTimeOffset StatusSince, Uri WebhookUrl, JsonElement Config, bool HasSecretConfig, JsonElement Agent, bool Groups, double? AnswerMaxAge,
    double TakeoverPause, string Locale, string? Apology, string OnAgentFailure, IReadOnlyList<string> HandoverKeywords, string? HandoverText, int DebounceMs,
    bool Typing, Guid? OrgUnitId, Guid ConnectorId, DateTimeOffset? ActivatedAt, DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? WebhookSecret = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] FirstActivation? Activation = null)
{
    /// <summary>Seconds after which a message of ours that certainly did not leave fails instead of leaving; null for never.</summary>
    public double? ReplyMaxAge { get; init; }

    /// <summary>Since when <c>status_code</c> is so, where that is told of the way in or of the provider's health: <c>status_since</c> says since when the channel is <c>active</c>. Null for nothing.</summary>
    public DateTimeOffset? TroubleSince { get; init; }

    /// <summary>Set while the provider wants less of this account.</summary>
    public ThrottleAnswer? Throttle { get; init; }

    /// <summary>Set while nothing of the channel is answered or sent, whatever its status: <c>tenant_suspended</c>.</summary>
    public Hold? Hold { get; init; }

    /// <summary>How the account stands with its provider, in the provider's words; null where the kind is not asked.</summary>
    public ChannelHealthAnswer? Health { get; init; }

    public static ChannelAnswer Of(ChannelDetails channel, PublicAddress address, DateTimeOffset now, string? webhookSecret = null) => new(
        channel.Account.Value, channel.Name, channel.Kind, channel.Identity, channel.Status, channel.StatusCode, channel.StatusReason, channel.NextStep,
        channel.StatusSince, address.WebhookUrl(channel.Kind, channel.Account), channel.Settings, channel.HasSecretSettings, channel.Agent, channel.Policy.Groups,
        channel.Policy.AnswerMaxAge?.TotalSeconds, channel.Policy.TakeoverPause.TotalSeconds, channel.Policy.Locale, channel.Policy.Apology,
        channel.Policy.OnAgentFailure.ToWord(), channel.Policy.HandoverKeywords, channel.Policy.HandoverText, (int)channel.Policy.Debounce.TotalMilliseconds,
        channel.Policy.Typing, channel.OrgUnit,
        channel.Connector.Value, channel.ActivatedAt, channel.CreatedAt, channel.UpdatedAt, webhookSecret)
    {
        ReplyMaxAge = channel.Policy.ReplyMaxAge?.TotalSeconds,
        TroubleSince = channel.TroubleSince,
        Throttle = channel.Throttle.At(now) is { } less ? new(less.HeldUntil, less.HeldReason, less.SlowedUntil, less.SlowedReason) : null,
        Health = channel.Health is { } seen ? new(seen.At, channel.TroubleSince, seen.Facts) : null,
        Hold = Hold.OfTurn(channel.TenantSuspendedAt, channel),
    };
}

/// <summary>Until when nothing is sent, or only half as fast, and why. It ends by itself.</summary>
internal sealed record ThrottleAnswer(DateTimeOffset? HeldUntil, string? HeldReason, DateTimeOffset? SlowedUntil, string? SlowedReason);

/// <summary>What the provider said when it was last asked.</summary>
/// <param name="CheckedAt">When that was.</param>
/// <param name="TroubleSince">Since when something is wrong; null when nothing is.</param>
/// <param name="Facts">Its words; see the kind's README.</param>
internal sealed record ChannelHealthAnswer(DateTimeOffset CheckedAt, DateTimeOffset? TroubleSince, JsonElement Facts);

/// <summary>How the activation ended that was asked for with the creation.</summary>
internal sealed record FirstActivation(bool Success, string? Code, string? Reason, string? NextStep);

/// <summary>A page of channels.</summary>
internal sealed record ChannelList(IReadOnlyList<ChannelAnswer> Channels, long Total, int Page, int Limit);

/// <summary>How an activation or deactivation ended.</summary>
internal sealed record ActivationAnswer(
    bool Success, Guid ChannelId, string Status, DateTimeOffset? ActivatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextStep = null);

/// <summary>A new webhook secret, asked for or made.</summary>
internal sealed record RotateWebhookSecret
{
    /// <summary>16 characters or more. Absent: one is made.</summary>
    public string? WebhookSecret { get; init; }

    /// <summary>How long webhooks that show the former secret are still taken, in seconds: 0 (for one that has leaked) to 86,400. Absent: 3,600.</summary>
    public int? FormerValidSeconds { get; init; }
}

/// <summary>The new webhook secret, shown this once. The provider must be told: activate the channel again.</summary>
/// <param name="ChannelId">Which channel's.</param>
/// <param name="WebhookSecret">The new secret.</param>
/// <param name="WebhookUrl">Where the provider posts to.</param>
/// <param name="FormerValidUntil">Webhooks that show the former secret are taken until then; absent when they are not.</param>
/// <param name="NextStep">What to do now.</param>
internal sealed record WebhookSecretAnswer(
    Guid ChannelId, string WebhookSecret, Uri WebhookUrl, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? FormerValidUntil, string NextStep);

/// <summary>Whether calls to the provider are let through: <c>closed</c> (yes), <c>open</c> (not before <c>until</c>), <c>half_open</c> (the next one is let through to see). <c>code</c> says why.</summary>
internal sealed record CircuitAnswer(string State, DateTimeOffset Since, DateTimeOffset? Until, string? Code);

/// <summary>What a channel has done, and what waits in it (counted up to 10 000). <c>circuit</c> is null while nobody can say.</summary>
internal sealed record ChannelMetricsAnswer(
    Guid ChannelId, long MessagesReceived, long MessagesSent, long MessagesFailed, long DuplicatesDropped, long WebhooksFinished, long WebhooksParked,
    long EventsWithoutRow, DateTimeOffset? LastMessageAt, DateTimeOffset? LastErrorAt, string? LastError, long WebhooksWaiting, long TurnsWaiting,
    long RepliesWaiting, long ParkedNow, CircuitAnswer? Circuit)
{
    public static ChannelMetricsAnswer Of(Guid channel, ChannelMetrics metrics, CircuitAnswer? circuit) => new(
        channel, metrics.MessagesReceived, metrics.MessagesSent, metrics.MessagesFailed, metrics.DuplicatesDropped, metrics.WebhooksFinished,
        metrics.WebhooksParked, metrics.EventsWithoutRow, metrics.LastMessageAt, metrics.LastErrorAt, metrics.LastError, metrics.WebhooksWaiting,
        metrics.TurnsWaiting, metrics.RepliesWaiting, metrics.ParkedNow, circuit);
}

/// <summary>One change of a channel's status.</summary>
internal sealed record StatusChangeAnswer(Guid Id, string Status, string? Code, string? Reason, DateTimeOffset At);

/// <summary>A page of a channel's status history, newest first.</summary>
internal sealed record StatusHistory(IReadOnlyList<StatusChangeAnswer> Changes, long Total, int Page, int Limit);
