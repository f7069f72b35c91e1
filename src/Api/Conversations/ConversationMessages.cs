using System.Text.Json;
using System.Text.Json.Serialization;
using Channels.Api.Messages;
using Channels.Core.Ids;
using Channels.Storage.Queries;

namespace Channels.Api.Conversations;

/// <summary>The person, or group, on the other side.</summary>
/// <param name="Id">Where messages go, in the provider's form.</param>
/// <param name="Name">Their own name, where known.</param>
/// <param name="Phone">Digits, where known.</param>
/// <param name="AvatarUrl">A picture, where known.</param>
/// <param name="Aliases">Every id they are known by.</param>
internal sealed record ContactAnswer(string Id, string? Name, string? Phone, string? AvatarUrl, IReadOnlyList<string> Aliases);

/// <summary>Since when and why the contact cannot be written to; messages to them fail at once and start no turn.</summary>
internal sealed record OutOfReachAnswer(DateTimeOffset Since, string Reason, string NextStep);

/// <summary>The thread between one channel and one contact. <c>reply_window</c> is null where the provider takes messages at any time, or nobody knows when the contact last wrote; <c>out_of_reach</c> where the contact can be written to.</summary>
internal sealed record ConversationAnswer(
    Guid Id, Guid ChannelId, ContactAnswer Contact, string ChatType, string? PromptContext, bool AgentPaused, DateTimeOffset? PausedUntil,
    DateTimeOffset CreatedAt, DateTimeOffset? LastMessageAt, ReplyWindow? ReplyWindow,
    OutOfReachAnswer? OutOfReach)
{
    /// <summary>Of one conversation, not of a list: what its next answer waits for besides the agent; absent when for nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public WaitAnswer? WaitsFor { get; init; }

    public static ConversationAnswer Of(ConversationRow row, ReplyWindow? window) => new(
        row.Id.Value, row.Account.Value, new(row.ChatId, row.ContactName, row.ContactPhone, row.ContactAvatarUrl, row.Aliases), row.ChatType, row.PromptContext,
        row.PausedUntil is not null, row.PausedUntil, row.CreatedAt, row.LastMessageAt, window,
        row.OutOfReach is { } gone ? new(gone.Since, gone.Reason, "Wait until they write again, or resume the conversation to have messages tried all the same.") : null);
}

/// <summary>What an answer waits for.</summary>
/// <param name="What"><c>file</c>: the message's file is being fetched; <c>late_reply</c>: its agent's service took it and answers later.</param>
/// <param name="MessageId">The message that is to be answered.</param>
/// <param name="Until">At the longest: then the agent is asked without the file, or counts as failed.</param>
/// <param name="Reason">Of a file: what the last attempt to fetch it came to.</param>
internal sealed record WaitAnswer(string What, Guid MessageId, DateTimeOffset Until, string? Reason)
{
    public static WaitAnswer? Of(ConversationWait? wait) => wait switch
    {
        { AnswerBy: { } limit } => new("late_reply", wait.Message.Value, limit, null),
        { FileBy: { } limit } => new("file", wait.Message.Value, limit, wait.FileTrouble),
        _ => null,
    };
}

/// <summary>A page of conversations.</summary>
internal sealed record ConversationList(IReadOnlyList<ConversationAnswer> Conversations, long Total, int Page, int Limit);

/// <summary>Who wrote a message, in the provider's words.</summary>
internal sealed record SenderAnswer(string? Id, string? Name);

/// <summary>One message. Fields of one kind only (media, location, contacts…) stand beside the others where they apply.</summary>
internal sealed record MessageAnswer(
    Guid Id, string Direction, string Author, string Kind, string? Text, string Status, string? Reason, string? ProviderMessageId, SenderAnswer Sender,
    bool PossiblyDuplicate, DateTimeOffset CreatedAt, DateTimeOffset OccurredAt, DateTimeOffset? StatusAt, DateTimeOffset? EditedAt)
{
    /// <summary>Of a message of ours that does not leave: why, since when, until when, and what to do; absent while nothing holds it up.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public WaitingAnswer? Waiting { get; init; }

    /// <summary>The event's further fields, under the vocabulary's names.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Details { get; init; }

    public static MessageAnswer Of(MessageRow row) => new(
        row.Id.Value, row.Outbound ? "out" : "in", JsonNamingPolicy.SnakeCaseLower.ConvertName(row.Author.ToString()), row.Kind, row.Text, row.Status, row.Reason,
        row.ProviderMessageId, new(row.SenderId, row.SenderName), row.PossiblyDuplicate, IdSource.TimeOf(row.Id.Value), row.OccurredAt, row.StatusAt, row.EditedAt)
    {
        Details = MessageDetails.Of(row.Details),
    };
}

/// <summary>A page of messages: page 1 has the newest; within a page the oldest comes first.</summary>
internal sealed record MessageList(Guid ConversationId, IReadOnlyList<MessageAnswer> Messages, long Total, int Page, int Limit);

/// <summary>For how long the agent is to keep silent.</summary>
internal sealed record PauseAgent
{
    /// <summary>Whole seconds from now, at most a year. Absent: until resumed.</summary>
    public double? Seconds { get; init; }
}
