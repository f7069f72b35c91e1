using Channels.Api.Access;
using Channels.Api.Conversations;
using Channels.Api.Errors;
using Channels.Api.Idempotency;
using Channels.Core.Connectors;
using Channels.Core.Conversations;
using Channels.Core.Egress;
using Channels.Core.Ids;
using Channels.Core.Media;
using Channels.Core.Transcript;
using Channels.Grains.Abstractions;
using Channels.Storage.Channels;
using Channels.Storage.Queries;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Orleans;

namespace Channels.Api.Messages;

/// <summary>Queues what a person or a program wants said, once everything about it is known to fit.</summary>
/// <remarks>Message path, between 5 and 6 of 6: what is queued is committed; the answer says so, and not that it was sent.</remarks>
internal sealed partial class OutboundSending(
    IConnectorCatalog connectors, MessageQueries messages, ConversationQueries conversations, ReplyWindows windows, IMediaStore media, EgressCheck egress, IGrainFactory grains,
    IdSource ids, ILogger<OutboundSending> logger)
{
    private const int LongestMessageId = 512;

    /// <summary>Queues a message, or says what is wrong with it.</summary>
    /// <param name="http">The request; with an <c>Idempotency-Key</c> the message's id follows from it, so that however often it runs one message is sent.</param>
    /// <param name="caller">Who.</param>
    /// <param name="channel">Through which account.</param>
    /// <param name="form">What.</param>
    /// <param name="author">Person or program.</param>
    /// <param name="destination">The conversation, or how to come by it; opened only when the rest is in order.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<(SentAnswer? Answer, Problem? Problem)> QueueAsync(
        HttpContext http, Caller caller, ChannelDetails channel, OutboundForm form, Author author, Destination destination, CancellationToken cancellationToken)
    {
        if (connectors.Find(channel.Kind) is not { } connector)
        {
            return (null, Problem.Field(ErrorCatalogue.InvalidFields, "type", $"this server does not have the channel kind {channel.Kind} any more."));
        }

        // A repetition of what is committed is answered as such, whatever is refused by now: refused, the caller would ask for it anew, and it would leave twice.
        var key = http.Features.Get<RequestKey>();
        var id = key is null ? ids.Next() : DerivedId.From(caller.Tenant, key.Key, key.Since);
        if (key is not null && await messages.FindAsync(caller.Tenant, new MessageId(id), cancellationToken) is { } committed)
        {
            return (AnswerOf(id, committed.Conversation, channel.Account, committed), null);
        }

        var reading = OutboundReading.Of(form, connector.Manifest);
        if (reading.Complaints.Count > 0)
        {
            return (null, new Problem(ErrorCatalogue.InvalidFields, null, reading.Complaints));
        }

        if (RefusalOf(connector, reading) is { } refusal)
        {
            return (null, Problem.Field(ErrorCatalogue.InvalidFields, refusal.Member, $"{refusal.Reason} ({refusal.Code})."));
        }

        var content = reading.Content;
        if (content is OutboundContent.File { Reference: not null } stored)
        {
            content = await LookAsync(caller.Tenant, stored, cancellationToken);
            if (content is null)
            {
                return (null, Problem.Field(ErrorCatalogue.InvalidFields, "media.media_id", "is no file of yours; POST /api/v1/media gives one."));
            }
        }

        // A gateway fetches it, from inside the operator's network where it stands there. Which number was found is not for tenants.
        if (reading.Content is OutboundContent.File { Url: { } url } && await egress.IsForbiddenAsync(new Uri(url), cancellationToken))
        {
            return (null, Problem.Field(ErrorCatalogue.InvalidFields, "media.url", "must lead to a public address; POST /api/v1/media takes a file that has none."));
        }

        // Before anything is opened: a complaint leaves nothing behind.
        var known = await destination.FindAsync();
        var (replyTo, wrongReply) = await ProviderIdAsync(caller.Tenant, known, "reply_to", form.ReplyTo, cancellationToken);
        var (target, wrongTarget) = await ProviderIdAsync(caller.Tenant, known, "reaction.message_id", (reading.Content as OutboundContent.Reaction)?.Target, cancellationToken);
        if ((wrongReply ?? wrongTarget) is { } problem)
        {
            return (null, problem);
        }

        var where = known ?? await destination.OpenAsync();
        if (reading.Content is not OutboundContent.Template && connector.Manifest.ReplyWindow is not null
            && await conversations.FindAsync(caller.Tenant, where, cancellationToken) is { } row && windows.Of(row, channel.Kind) is { Open: false } closed)
        {
            return (null, closed.Problem);
        }

        content = content is OutboundContent.Reaction reaction ? reaction with { Target = target!.Id, TargetFromMe = target.Writer?.IsOwn ?? false, TargetSender = target.Writer?.Sender } : content;
        await grains.GetGrain<IConversationGrain>(where.Value).SendAsync(
            new(caller.Tenant, channel.Account, where), new MessageId(id), new OutboundDraft(reading.Text, replyTo?.Id, content, author), cancellationToken);
        var placed = await messages.FindAsync(caller.Tenant, new MessageId(id), cancellationToken);
        return (AnswerOf(id, where, channel.Account, placed), null);
    }

    private static SentAnswer AnswerOf(Guid id, ConversationId where, AccountId account, PlacedMessage? placed) =>
        new(id, where.Value, account.Value, placed?.Message.Status ?? "queued", placed?.Queue?.Position, IdSource.TimeOf(id));

    // A kind may be somebody else's. What it makes of this here, it makes of it when it is sent: there it is caught, and told.
    private ContentRefusal? RefusalOf(IConnector connector, OutboundReading reading)
    {
        try
        {
            return (connector as IContentRules)?.RefusalOf(reading.Text, reading.Content);
        }
        catch (Exception crash)
        {
            Log.RulesCrashed(logger, connector.Manifest.Id, crash.GetType().Name);
            return null;
        }
    }

    // The same with its media type, where that can be seen; null when there is no such file.
    private async Task<OutboundContent.File?> LookAsync(TenantId tenant, OutboundContent.File content, CancellationToken cancellationToken)
    {
        await using var file = await media.OpenAsync(tenant, content.Reference!, cancellationToken);
        if (file is null)
        {
            return null;
        }

        var beginning = new byte[FileTypes.Signature];
        var length = await file.ReadAtLeastAsync(beginning, beginning.Length, throwOnEndOfStream: false, cancellationToken);
        return content with { Mime = content.Mime ?? FileTypes.Of(content.FileName, content.Form) ?? FileTypes.Of(beginning.AsSpan(0, length), content.Form) };
    }

    // An id of ours stands for the provider's; anything else is taken for the provider's own, known here or not: it may be of a message from before us.
    // A conversation that does not exist yet has no messages.
    private async Task<(Target? Target, Problem? Problem)> ProviderIdAsync(
        TenantId tenant, ConversationId? conversation, string field, string? written, CancellationToken cancellationToken)
    {
        if (written is null)
        {
            return (null, null);
        }

        // Ours are of version 7. With hyphens alone: WhatsApp's ids may be 32 hexadecimal digits.
        var isLikeOurs = Guid.TryParseExact(written, "D", out var ours) && ours.Version == 7;
        if (!Guid.TryParse(written, out var id) || await messages.FindAsync(tenant, new MessageId(id), cancellationToken) is not { } placed)
        {
            if (written.Length is 0 or > LongestMessageId)
            {
                return (null, Problem.Field(ErrorCatalogue.InvalidFields, field, $"must be the id of a message, of 1 to {LongestMessageId} characters."));
            }

            // Some provider may have ids of this form too: then it is one that we have heard of.
            var writer = conversation is { } where ? await messages.WriterAsync(tenant, where, written, cancellationToken) : null;
            return isLikeOurs && writer is null
                ? (null, Problem.Field(ErrorCatalogue.InvalidFields, field, "is no message of this conversation; it may have been deleted."))
                : (new(written, writer), null);
        }

        if (placed.Conversation != conversation)
        {
            return (null, Problem.Field(ErrorCatalogue.InvalidFields, field, "is a message of another conversation."));
        }

        return placed.Message.ProviderMessageId is { } known
            ? (new(known, placed.Message.Writer), null)
            : (null, Problem.Field(ErrorCatalogue.InvalidFields, field, "has no id at the provider: it has not been sent yet. Wait until it is, then try again."));
    }

    /// <summary>Where a message goes.</summary>
    /// <param name="FindAsync">The conversation; null when there is none yet.</param>
    /// <param name="OpenAsync">Makes it, or finds it.</param>
    internal sealed record Destination(Func<Task<ConversationId?>> FindAsync, Func<Task<ConversationId>> OpenAsync)
    {
        /// <summary>A conversation that exists.</summary>
        public static Destination Of(ConversationId conversation) => new(() => Task.FromResult<ConversationId?>(conversation), () => Task.FromResult(conversation));
    }

    private sealed record Target(string Id, MessageWriter? Writer);

    private static partial class Log
    {
        [LoggerMessage(1301, LogLevel.Warning, "The rules of kind {Kind} for what it sends failed with {Problem}; the message is queued all the same")]
        public static partial void RulesCrashed(ILogger logger, string kind, string problem);
    }
}
