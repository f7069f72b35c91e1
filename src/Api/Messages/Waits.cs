using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using Channels.Storage.Channels;
using Channels.Storage.Queries;
using Microsoft.Extensions.Logging;
using Orleans;

namespace Channels.Api.Messages;

/// <summary>Asks what sends for an account why its queued replies do not leave.</summary>
/// <remarks>Once for a page, and for no longer than a second: what is known without it is shown all the same.</remarks>
internal sealed partial class Waits(IGrainFactory grains, ChannelStore channels, TimeProvider clock, ILogger<Waits> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>What each of a conversation's messages waits for; those that wait for nothing are left out.</summary>
    public async Task<ImmutableDictionary<MessageId, WaitingAnswer>> ReadAsync(
        TenantId tenant, AccountId account, ConversationId conversation, IReadOnlyCollection<MessageRow> messages, CancellationToken cancellationToken)
    {
        if (!messages.Any(message => WaitingReply.Of(message) is not null))
        {
            return ImmutableDictionary<MessageId, WaitingAnswer>.Empty;
        }

        return await ReadAsync(await channels.FindAsync(tenant, account, cancellationToken), account, conversation, messages, cancellationToken);
    }

    /// <inheritdoc cref="ReadAsync(TenantId, AccountId, ConversationId, IReadOnlyCollection{MessageRow}, CancellationToken)"/>
    public async Task<ImmutableDictionary<MessageId, WaitingAnswer>> ReadAsync(
        ChannelDetails? channel, AccountId account, ConversationId conversation, IReadOnlyCollection<MessageRow> messages, CancellationToken cancellationToken)
    {
        var waiting = messages.Select(WaitingReply.Of).OfType<WaitingReply>().ToList();
        var live = await AskAsync(channel, account, conversation, waiting, cancellationToken);
        var now = clock.GetUtcNow();
        return waiting.Select(reply => (reply.Id, Answer: WaitingAnswer.Of(reply, channel, live, now))).Where(one => one.Answer is not null)
            .ToImmutableDictionary(one => one.Id, one => one.Answer!);
    }

    /// <summary>What delivery says of these replies of a conversation. It is not asked where the tables tell already why nothing leaves.</summary>
    public async Task<LiveWaits> AskAsync(
        ChannelDetails? channel, AccountId account, ConversationId conversation, IReadOnlyCollection<WaitingReply> replies, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var open = replies.Where(reply => Hold.OfReply(reply.SuspendedAt, channel, now) is null).Select(reply => reply.Id).ToImmutableArray();
        if (open.IsEmpty)
        {
            return LiveWaits.None;
        }

        try
        {
            var waits = await grains.GetGrain<IDeliveryGrain>(account.Value).GetWaitsAsync(conversation, open).WaitAsync(Patience, clock, cancellationToken);
            return new(true, waits.ToImmutableDictionary(wait => wait.Reply));
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotTold(logger, account, failure.GetType().Name);
            return LiveWaits.Unanswered;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1122, LogLevel.Warning, "What sends for account {Account} did not say what its replies wait for ({Failure})")]
        public static partial void NotTold(ILogger logger, AccountId account, string failure);
    }
}

/// <summary>What delivery says of some replies.</summary>
/// <param name="IsAnswered">False when it could not be asked.</param>
/// <param name="Waits">Those that wait.</param>
internal sealed record LiveWaits(bool IsAnswered, ImmutableDictionary<MessageId, ReplyWait> Waits)
{
    /// <summary>None of them waits, or nothing had to be asked.</summary>
    public static LiveWaits None { get; } = new(true, ImmutableDictionary<MessageId, ReplyWait>.Empty);

    /// <summary>Nobody could say.</summary>
    public static LiveWaits Unanswered { get; } = None with { IsAnswered = false };

    /// <summary>What a reply waits for; null when for nothing that is known.</summary>
    public ReplyWait? Of(MessageId reply) => Waits.GetValueOrDefault(reply);
}
