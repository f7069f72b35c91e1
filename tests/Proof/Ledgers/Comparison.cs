using Channels.FakeProviders.Evolution;

namespace Channels.Proof.Ledgers;

/// <summary>Reads the product's and the provider's ledgers, and compares them with what was acknowledged.</summary>
/// <remarks>Everything is read as users read it: the transcript through the API, the deliveries from the gateway's own list.</remarks>
internal sealed class Comparison
{
    private readonly List<string> _lost = [];
    private readonly List<string> _unmarked = [];
    private readonly List<string> _marked = [];
    private readonly List<string> _outOfOrder = [];
    private readonly List<string> _open = [];
    private readonly List<string> _wrong = [];
    private readonly Func<string, string> _replyOf;
    private readonly bool _recordsOnly;
    private int _acknowledged;
    private int _stored;
    private int _delivered;

    private Comparison(Func<string, string>? replyOf, bool recordsOnly) => (_replyOf, _recordsOnly) = (replyOf ?? (text => text), recordsOnly);

    /// <summary>Waits until nothing of a channel waits any more, then compares.</summary>
    /// <param name="what">Whose ledgers, in words.</param>
    /// <param name="writers">Everybody who wrote to the channel.</param>
    /// <param name="replyOf">What answers a text; the text itself when absent.</param>
    /// <param name="within">How long the backlog may take.</param>
    /// <param name="strangersWrite">Whether others write to the channel too.</param>
    /// <param name="unknown">How many replies are to stay of unknown outcome.</param>
    /// <param name="sent">What the gateway took, where it cannot be asked here.</param>
    /// <param name="recordsOnly">Whether the channel has no agent: then nothing may be answered.</param>
    public static async Task<Tally> OfAsync(
        string what, IReadOnlyList<Writer> writers, Func<string, string>? replyOf = null, TimeSpan? within = null, bool strangersWrite = false, int unknown = 0,
        IReadOnlyList<FakeSend>? sent = null, bool recordsOnly = false)
    {
        var channel = writers[0].Channel;
        await channel.IdleAsync(webhooksFinished: 0, within ?? TimeSpan.FromMinutes(3), unknown);
        var comparison = new Comparison(replyOf, recordsOnly);
        var known = (await channel.ConversationsAsync()).ToLookup(one => one.Contact.Id);
        var sends = (sent ?? writers[0].Shop?.Sends)?.ToLookup(send => send.To);
        foreach (var writer in writers)
        {
            var messages = new List<Message>();
            foreach (var conversation in known[writer.Contact])
            {
                messages.AddRange(await channel.MessagesAsync(conversation.Id));
            }

            // In the order they were asked for: what a gateway itself is late with is not ours. The sort is stable.
            comparison.Add(writer, messages, sends is null ? null : [.. sends[writer.Name].OrderBy(send => send.Asked).Select(send => send.Text)]);
        }

        comparison._wrong.AddRange(known.Where(one => one.Count() > 1).Select(one => $"{one.Key}: {one.Count()} conversations"));
        comparison._wrong.AddRange(known.Select(one => one.Key).Where(_ => !strangersWrite).Except(writers.Select(writer => writer.Contact)).Select(stranger => $"{stranger}: a conversation of somebody who never wrote"));

        return comparison.Told(what);
    }

    /// <summary>One conversation's ledgers, read already.</summary>
    /// <param name="writer">With what was acknowledged.</param>
    /// <param name="messages">The transcript.</param>
    /// <param name="sent">The gateway's list; null when there is none.</param>
    /// <param name="recordsOnly">Whether the channel has no agent.</param>
    public static Tally Of(Writer writer, IReadOnlyList<Message> messages, IReadOnlyList<string>? sent, bool recordsOnly = false)
    {
        var comparison = new Comparison(replyOf: null, recordsOnly);
        comparison.Add(writer, messages, sent);
        return comparison.Told(writer.Name);
    }

    private Tally Told(string what) => new(what, _acknowledged, _stored, _delivered, _lost, _unmarked, _marked, _outOfOrder, _open, _wrong);

    private void Add(Writer writer, IReadOnlyList<Message> messages, IReadOnlyList<string>? sent)
    {
        var acknowledged = writer.Acknowledged.ToList();
        _acknowledged += acknowledged.Count;
        AddStored(writer, acknowledged, [.. messages.Where(message => message.IsIn).Select(message => message.Text!)]);
        AddReplies(writer, acknowledged, [.. messages.Where(message => message is { IsOut: true, Author: "agent" })], sent);

        // A send of ours must never come back as somebody else's.
        _wrong.AddRange(messages.Where(message => message is { IsOut: true, Author: not "agent" }).Select(message => $"{message.Text}: taken for {message.Author}'s"));
    }

    private void AddStored(Writer writer, List<string> acknowledged, List<string> stored)
    {
        var times = stored.CountBy(text => text).ToDictionary();
        foreach (var text in acknowledged)
        {
            switch (times.GetValueOrDefault(text))
            {
                case 0:
                    _lost.Add($"{text} (not stored)");
                    break;
                case 1:
                    _stored++;
                    break;
                case var several:
                    _stored++;
                    _unmarked.Add($"{text} (stored {several} times)");
                    break;
            }
        }

        _outOfOrder.AddRange(Late(stored, acknowledged).Select(text => $"{text} (stored late)"));
        _wrong.AddRange(times.Keys.Except(acknowledged).Select(text => $"{writer.Name}: stored, but never acknowledged: {text}"));
    }

    // Without a gateway there is nobody but the transcript to ask.
    private void AddReplies(Writer writer, List<string> acknowledged, List<Message> replies, IReadOnlyList<string>? sent)
    {
        var expected = _recordsOnly ? [] : acknowledged.ConvertAll(text => _replyOf(text));
        var told = replies.ToLookup(reply => reply.Text!);
        var sends = sent ?? [.. replies.Where(reply => reply.Status is "sent" or "delivered" or "read").Select(reply => reply.Text!)];
        var times = sends.CountBy(text => text).ToDictionary();
        foreach (var text in expected)
        {
            AddReply(text, [.. told[text]], times.GetValueOrDefault(text));
        }

        _outOfOrder.AddRange(Late(sends, expected).Select(text => $"{text} (sent late)"));
        _wrong.AddRange(times.Keys.Except(expected).Select(text => $"{writer.Name}: sent, but nobody's reply: {text}"));
        _wrong.AddRange(replies.Where(_ => _recordsOnly).Select(reply => $"{writer.Name}: answered, though there is no agent: {reply.Text}"));
    }

    private void AddReply(string text, List<Message> told, int times)
    {
        if (told.Count != 1)
        {
            _wrong.Add($"{text}: {told.Count} replies in the transcript");
            return;
        }

        var reply = told[0];
        switch (times, reply.Status)
        {
            case (0, "unknown" or "failed"):
                _open.Add($"{text} ({reply.Status}: {reply.Reason})");
                break;
            case (0, _):
                _lost.Add($"{text} (not sent; the transcript says {reply.Status})");
                break;
            case (1, "sent" or "delivered" or "read"):
                _delivered++;
                break;
            case ( > 1, "sent" or "delivered" or "read"):
                _delivered++;
                (reply.PossiblyDuplicate ? _marked : _unmarked).Add($"{text} (sent {times} times)");
                break;
            default:
                _delivered++;
                _wrong.Add($"{text}: sent {times} times, and the transcript says {reply.Status}");
                break;
        }
    }

    // What comes behind something that should come after it; the first of several counts.
    private static IEnumerable<string> Late(IReadOnlyList<string> seen, List<string> wanted)
    {
        var places = wanted.Index().ToDictionary(one => one.Item, one => one.Index);
        var furthest = -1;
        foreach (var text in seen.Distinct())
        {
            if (places.TryGetValue(text, out var place))
            {
                if (place < furthest)
                {
                    yield return text;
                }

                furthest = Math.Max(furthest, place);
            }
        }
    }
}
