using System.Collections.Immutable;
using System.Globalization;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Transcript;
using Channels.Grains.Routing;

namespace Channels.Grains.Account;

/// <summary>Sorts the events of drained webhooks into what the transcript records. Decides nothing itself: the parser's action and the <see cref="Router"/> do.</summary>
internal sealed class Sorting(TenantId tenant, AccountId account, RoutingSnapshot channel, IdSource ids, Func<ChannelEvent, ConversationId?> conversationOf,
    Func<MediaReference, bool>? mustFetch = null, Func<ChannelEvent, ThrottleWish>? wishOf = null, Func<ChannelEvent, long?>? numberOf = null)
{
    /// <summary>How long an own message of unknown id may be the echo of a send under way.</summary>
    private static readonly TimeSpan EchoPatience = TimeSpan.FromSeconds(30);

    /// <summary>How far a provider's clock may be ahead of ours and still be believed.</summary>
    private static readonly TimeSpan MostAhead = TimeSpan.FromMinutes(5);

    private readonly ImmutableArray<WebhookId>.Builder _finished = ImmutableArray.CreateBuilder<WebhookId>();
    private readonly ImmutableArray<ParkedWebhook>.Builder _parked = ImmutableArray.CreateBuilder<ParkedWebhook>();
    private readonly ImmutableArray<RecordedMessage>.Builder _messages = ImmutableArray.CreateBuilder<RecordedMessage>();
    private readonly ImmutableArray<DeliveryReceipt>.Builder _receipts = ImmutableArray.CreateBuilder<DeliveryReceipt>();
    private readonly ImmutableArray<MessageChange>.Builder _changes = ImmutableArray.CreateBuilder<MessageChange>();
    private readonly ImmutableArray<ContactChange>.Builder _contacts = ImmutableArray.CreateBuilder<ContactChange>();
    private readonly ImmutableArray<HeldEcho>.Builder _echoes = ImmutableArray.CreateBuilder<HeldEcho>();
    private readonly ImmutableArray<Resumption>.Builder _resumptions = ImmutableArray.CreateBuilder<Resumption>();
    private readonly ImmutableArray<ReachChange>.Builder _reach = ImmutableArray.CreateBuilder<ReachChange>();
    private readonly ImmutableArray<ThrottleChange>.Builder _throttles = ImmutableArray.CreateBuilder<ThrottleChange>();
    private readonly ImmutableArray<CountedUpdate>.Builder _counted = ImmutableArray.CreateBuilder<CountedUpdate>();
    private readonly ImmutableArray<string>.Builder _dropped = ImmutableArray.CreateBuilder<string>();

    /// <summary>Connection events in order, with when their webhooks came: for the account's status.</summary>
    public List<(ChannelEvent Happened, DateTimeOffset ReceivedAt)> Connection { get; } = [];

    /// <summary>A webhook nobody can read.</summary>
    /// <param name="webhook">Which.</param>
    /// <param name="receivedAt">When it came.</param>
    /// <param name="said">Why, and its number: it has come, whatever is to become of it.</param>
    public void Park(WebhookId webhook, DateTimeOffset receivedAt, Normalised.Unreadable said)
    {
        _parked.Add(new ParkedWebhook(webhook, said.Reason));
        if (numberOf is not null && said.Number is { } number)
        {
            _counted.Add(new CountedUpdate(number, receivedAt));
        }
    }

    /// <summary>A webhook and what it says.</summary>
    public void Add(WebhookId webhook, DateTimeOffset receivedAt, ImmutableArray<ChannelEvent> events)
    {
        _finished.Add(webhook);
        if (events.IsEmpty)
        {
            _dropped.Add("a webhook with nothing in it");
        }
        else if (numberOf?.Invoke(events[0]) is { } number)
        {
            _counted.Add(new CountedUpdate(number, receivedAt));
        }

        for (var i = 0; i < events.Length; i++)
        {
            Add(events[i], new Origin(webhook, i, receivedAt));
        }
    }

    /// <summary>All of it, ready to be recorded.</summary>
    public AccountBatch ToBatch() => new(tenant, account)
    {
        Finished = _finished.ToImmutable(),
        Parked = _parked.ToImmutable(),
        Messages = _messages.ToImmutable(),
        Receipts = _receipts.ToImmutable(),
        Changes = _changes.ToImmutable(),
        Contacts = _contacts.ToImmutable(),
        Echoes = _echoes.ToImmutable(),
        Resumptions = _resumptions.ToImmutable(),
        Reach = _reach.ToImmutable(),
        Throttles = _throttles.ToImmutable(),
        Counted = _counted.ToImmutable(),
        Dropped = _dropped.ToImmutable(),
        TakeoverPause = channel.Policy.TakeoverPause,
    };

    private void Add(ChannelEvent happened, Origin origin)
    {
        switch (happened.Action)
        {
            case EventAction.StoreOnly when IsOwnReaction(happened) && conversationOf(happened) is { } conversation:
                AddEcho(happened, conversation, origin, Author.Person, pausesAgent: false);
                break;
            case EventAction.Process or EventAction.StoreOnly when conversationOf(happened) is { } conversation && IsHistoryOfAChat(happened):
                AddInbound(happened, conversation, origin);
                break;
            case EventAction.StoreOutbound or EventAction.ReconcileOutbound when conversationOf(happened) is { } conversation:
                var author = happened.Action == EventAction.StoreOutbound ? Author.Person : Author.Program;
                AddEcho(happened, conversation, origin, author, pausesAgent: author == Author.Person);
                break;
            case EventAction.UpdateMessage when !happened.MayBeAnEdit && (happened.TargetMessageId ?? happened.MessageId) is { } target:
                // A webhook may come late or again: when it came says nothing of which edit is the later one. Of a deletion it says enough.
                var isDeletion = happened.Kind == EventKinds.MessageDeleted;
                _changes.Add(new MessageChange(
                    conversationOf(happened), Bounded(target), happened.Text, isDeletion, happened.ChangedAt ?? happened.Timestamp ?? (isDeletion ? origin.ReceivedAt : null)));
                break;
            case EventAction.UpdateDelivery when happened.MessageId is { } receiptOf && happened.FromMe != false && StatusToRecord(happened) is { } status:
                _receipts.Add(new DeliveryReceipt(conversationOf(happened), Bounded(receiptOf), status, happened.Reason, OwnId(happened)));
                break;
            case EventAction.UpdateConnection:
                Connection.Add((happened, origin.ReceivedAt));
                break;
            case EventAction.ResumeAgent when conversationOf(happened) is { } conversation:
                _resumptions.Add(new Resumption(conversation, When(happened, origin), ids.Next()));
                break;
            case EventAction.MarkUnreachable or EventAction.MarkReachable when conversationOf(happened) is { } conversation:
                _reach.Add(new ReachChange(conversation, WhenReached(happened, origin), WhyUnreachable(happened), ids.Next()));
                break;
            case EventAction.ThrottleAccount when ThrottleOf(happened, origin) is { } throttle:
                _throttles.Add(throttle);
                break;
            case EventAction.UpdateContact when ContactAlias(happened) is { } alias:
                _contacts.Add(new ContactChange(Bounded(alias), happened.Details.GetValueOrDefault("name") as string ?? happened.SenderName, happened.Details.GetValueOrDefault("avatar_url") as string));
                break;
            default:
                _dropped.Add(WhyDropped(happened));
                break;
        }
    }

    private void AddEcho(ChannelEvent happened, ConversationId conversation, Origin origin, Author author, bool pausesAgent)
    {
        var message = Message(happened, conversation, origin, outbound: true, author, "sent", null, startsTurn: false);
        _echoes.Add(new HeldEcho(message, channel.Now + EchoPatience, pausesAgent));
    }

    private void AddInbound(ChannelEvent happened, ConversationId conversation, Origin origin)
    {
        var fromUs = happened.FromMe == true;
        switch (Router.Decide(happened, channel))
        {
            case RoutingDecision.Turn:
                _messages.Add(Message(happened, conversation, origin, fromUs, Author.Contact, "received", null, startsTurn: true));
                break;
            case RoutingDecision.Record record:
                _messages.Add(Message(
                    happened, conversation, origin, fromUs, fromUs ? Author.Person : Author.Contact, fromUs ? "sent" : record.Status, fromUs ? happened.Reason : record.Reason, startsTurn: false));
                break;
        }

        if (!fromUs && ChatTypes.IsDirect(happened) && happened is { SenderName: { Length: > 0 } name, ChatId: { } chat })
        {
            _contacts.Add(new ContactChange(Bounded(happened.Address ?? chat), name, null));
        }
    }

    // It may be one that was sent through us: then its id, which no other message has, is known, or will be when the send under way is answered. Nobody answers with it.
    private static bool IsOwnReaction(ChannelEvent happened) => happened is { Kind: EventKinds.MessageReaction, FromMe: true, MessageId: not null };

    // A provider's clock that goes ahead must not make what follows look old.
    private static DateTimeOffset When(ChannelEvent happened, Origin origin) => happened.Timestamp is { } then && then < origin.ReceivedAt ? then : origin.ReceivedAt;

    // What the contact wrote bears the provider's time as it is, and decides who wrote before they went: cut off by our clock, which may be behind, a block would look older than that.
    private static DateTimeOffset WhenReached(ChannelEvent happened, Origin origin) =>
        happened.Timestamp is { } then && then <= origin.ReceivedAt + MostAhead ? then : When(happened, origin);

    private static string? WhyUnreachable(ChannelEvent happened) => happened.Action == EventAction.MarkReachable ? null
        : ChatTypes.IsDirect(happened.ChatType) ? "the contact has blocked this account"
        : "this account was put out of the chat, or may not write there";

    // What was said long ago, and comes again, is over.
    private ThrottleChange? ThrottleOf(ChannelEvent happened, Origin origin)
    {
        var wish = wishOf?.Invoke(happened) ?? ThrottleWish.Default;
        var until = When(happened, origin) + wish.For;
        return until > channel.Now ? new ThrottleChange(until, wish.Holds, happened.Reason ?? "the provider asks for less", ids.Next()) : null;
    }

    private RecordedMessage Message(
        ChannelEvent happened, ConversationId conversation, Origin origin, bool outbound, Author author, string status, string? reason, bool startsTurn)
    {
        var key = EventKey.Of(happened);
        var isHistory = happened.Kind == EventKinds.HistoryMessage;
        var fetch = happened.Media is { } media && mustFetch?.Invoke(media) == true ? media : null;
        return new RecordedMessage(
            // What was said before stands before what was said since.
            new MessageId(isHistory && happened.Timestamp is { } then ? ids.At(then) : ids.Next()), conversation, outbound, author, happened.Kind,
            key is { } named ? Bounded(named.Id) : origin.ToString(), key?.KeyClass ?? "message", Bounded(key?.Revision ?? ""),
            happened.Text ?? happened.Emoji, status, reason, happened.SenderId, happened.SenderName, happened.Timestamp ?? origin.ReceivedAt,
            EventDetails.Of(happened), startsTurn, isHistory, origin.ReceivedAt)
        {
            Fetch = fetch,
            TurnWaitsUntil = startsTurn && fetch is not null && channel.FileWait > TimeSpan.Zero ? channel.Now + channel.FileWait : null,
        };
    }

    // The reason first where the parser gave one: operators look for "newsletter", not for "ignored".
    private static string WhyDropped(ChannelEvent happened) => happened switch
    {
        { Kind: EventKinds.Ignored, Reason: { } reason } => reason,
        { Action: EventAction.UpdateDelivery, FromMe: false } => $"{happened.Kind} of a message that is not ours",
        { Action: EventAction.UpdateDelivery, MessageId: null } => $"{happened.Kind} without a message id",
        { Action: EventAction.UpdateDelivery } when IsOfOneMember(happened) => $"{happened.Kind} of one member of a group",
        { MayBeAnEdit: true } => $"{happened.Kind} that may be an edit",
        { Reason: { } reason } => $"{happened.Kind}, {reason}",
        _ => happened.Kind,
    };

    // Presence and the like have a chat but are no part of its history.
    private static bool IsHistoryOfAChat(ChannelEvent happened) => happened.Kind != EventKinds.Presence && EventKey.Of(happened) is not null;

    /// <summary>
    /// What a receipt makes of its message. That one member of a group has it, or has read it, does not say that the group has: there is one state for the
    /// message, and it would say so. It does prove that a message left of which we could not know, which is then named by our own id.
    /// </summary>
    private static string? StatusToRecord(ChannelEvent happened) => ReceiptWord(happened.Kind) switch
    {
        "delivered" or "read" when IsOfOneMember(happened) => OwnId(happened) is null ? null : "sent",
        var word => word,
    };

    /// <summary>In a private chat nobody is named, the chat says who.</summary>
    private static bool IsOfOneMember(ChannelEvent happened) => happened.Details.ContainsKey("participant_id");

    private static string? ReceiptWord(string kind) => kind switch
    {
        EventKinds.StatusSent => "sent",
        EventKinds.StatusDelivered => "delivered",
        EventKinds.StatusRead or EventKinds.StatusPlayed => "read",
        EventKinds.StatusFailed => "failed",
        _ => null,
    };

    private static MessageId? OwnId(ChannelEvent happened) =>
        happened.Details.GetValueOrDefault("correlation") is string text && Guid.TryParseExact(text, "D", out var id) ? new MessageId(id) : null;

    private static string? ContactAlias(ChannelEvent happened) => happened.ChatId ?? happened.Details.GetValueOrDefault("id") as string ?? happened.SenderId;

    private static string Bounded(string id) => id.Length <= 512 ? id : id[..512];

    private readonly record struct Origin(WebhookId Webhook, int Index, DateTimeOffset ReceivedAt)
    {
        // Stands in where the provider gave no id: the same webhook drained twice still meets its key.
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"webhook:{Webhook}:{Index}");
    }
}
