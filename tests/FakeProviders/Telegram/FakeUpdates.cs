using System.Text.Encodings.Web;
using System.Text.Json;

namespace Channels.FakeProviders.Telegram;

/// <summary>One thing that happened.</summary>
/// <param name="Id">Counts up per bot.</param>
/// <param name="Queue">What is told in order with it: its chat, or for queries and reactions whoever caused it.</param>
/// <param name="Kind">The update's member.</param>
/// <param name="Body">The whole update as JSON.</param>
/// <param name="Expires">When nobody is told of it any more.</param>
internal sealed record FakeUpdate(long Id, string Queue, string Kind, string Body, DateTimeOffset Expires);

/// <summary>What happened to a bot and waits to be told: to its webhook, or to whoever calls <c>getUpdates</c>, never to both.</summary>
public sealed class FakeUpdates
{
    // What nobody gets who did not ask for it.
    private static readonly string[] _onlyIfAsked = ["chat_member", "message_reaction", "message_reaction_count"];
    private static readonly string[] _queries = ["callback_query", "inline_query", "shipping_query", "pre_checkout_query"];
    private static readonly JsonSerializerOptions _writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, FakeUpdate> _pending = [];
    private readonly SortedDictionary<long, FakeUpdate> _handedOut = [];
    private readonly FakeBot _bot;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource? _poller;
    private string _pollEndedBy = "";
    private long _last = 500_000_000;
    private HashSet<string>? _allowed;

    internal FakeUpdates(FakeBot bot)
    {
        _bot = bot;
        Webhook = new FakeWebhook(bot, this);
    }

    /// <summary>Where they are posted to.</summary>
    public FakeWebhook Webhook { get; }

    /// <summary>What was asked for; null for the default.</summary>
    public IReadOnlyCollection<string>? Allowed
    {
        get
        {
            lock (_gate)
            {
                return _allowed is null ? null : [.. _allowed];
            }
        }
    }

    /// <summary>The number of the last one.</summary>
    public long Last => Interlocked.Read(ref _last);

    /// <summary>How many wait.</summary>
    public int Pending
    {
        get
        {
            lock (_gate)
            {
                return _pending.Count;
            }
        }
    }

    /// <summary>Whether somebody is waiting in <c>getUpdates</c>.</summary>
    public bool IsPolled
    {
        get
        {
            lock (_gate)
            {
                return _poller is not null;
            }
        }
    }

    /// <summary>A person writes in a chat. The number of the message.</summary>
    public int PersonSays(FakeChat chat, string text, long? from = null, object? entities = null, int? replyTo = null, string name = "Mira Holt")
    {
        var id = chat.NextMessage();
        var message = new Dictionary<string, object?>
        {
            ["message_id"] = id,
            ["from"] = new { id = from ?? Math.Abs(chat.Id), is_bot = false, first_name = name },
            ["chat"] = chat.Shown(),
            ["date"] = _bot.Server.Options.Clock.GetUtcNow().ToUnixTimeSeconds(),
            ["text"] = text,
        };
        if (entities is not null)
        {
            message["entities"] = entities;
        }

        if (replyTo is { } answered)
        {
            message["reply_to_message"] = new { message_id = answered, chat = chat.Shown(), date = 1, text = "…" };
        }

        Happened("message", message, chat.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return id;
    }

    /// <summary>A person presses a button below a message of the bot's. The query's id.</summary>
    public string PersonPresses(FakeChat chat, int message, string data)
    {
        var query = (_bot.Id * 1000 + Last).ToString(System.Globalization.CultureInfo.InvariantCulture);
        Happened(
            "callback_query",
            new
            {
                id = query,
                from = new { id = chat.Id, is_bot = false, first_name = chat.Name },
                message = new { message_id = message, from = _bot.Shown, chat = chat.Shown(), date = 1, text = "…" },
                chat_instance = "1",
                data,
            },
            $"user{chat.Id}");
        return query;
    }

    /// <summary>Anything happens. Its update's number; null when the bot did not ask for such things.</summary>
    public long? Happened(string kind, object content, string queue)
    {
        lock (_gate)
        {
            if (_allowed is null ? _onlyIfAsked.Contains(kind) : !_allowed.Contains(kind))
            {
                return null;
            }

            var id = ++_last;
            var life = _queries.Contains(kind) ? _bot.Server.Options.QueryLife : _bot.Server.Options.UpdateLife;
            var body = JsonSerializer.Serialize(new Dictionary<string, object> { ["update_id"] = id, [kind] = content }, _writing);
            _pending.Add(id, new FakeUpdate(id, queue, kind, body, _bot.Server.Options.Clock.GetUtcNow() + life));
            Changed();
            return id;
        }
    }

    /// <summary>So many are counted, and nobody is ever told of them.</summary>
    public void Lose(int count) => Interlocked.Add(ref _last, count);

    /// <summary>Everything that was ever handed out waits again, as if the confirmation had not arrived.</summary>
    public void Repeat()
    {
        lock (_gate)
        {
            foreach (var (id, update) in _handedOut)
            {
                _pending[id] = update;
            }

            Changed();
        }
    }

    internal void Allow(HashSet<string>? allowed)
    {
        lock (_gate)
        {
            // Not given leaves what was asked for; an empty list is the default.
            _allowed = allowed is null ? _allowed : allowed.Count == 0 ? null : allowed;
        }
    }

    internal void Drop()
    {
        lock (_gate)
        {
            _pending.Clear();
        }
    }

    internal void Done(long id)
    {
        lock (_gate)
        {
            _pending.Remove(id);
        }
    }

    internal List<FakeUpdate> Waiting()
    {
        lock (_gate)
        {
            var now = _bot.Server.Options.Clock.GetUtcNow();
            foreach (var old in _pending.Values.Where(update => update.Expires < now).ToList())
            {
                _pending.Remove(old.Id);
            }

            return [.. _pending.Values];
        }
    }

    internal Task WhenChanged()
    {
        lock (_gate)
        {
            return _changed.Task;
        }
    }

    /// <summary>Ends whoever waits in <c>getUpdates</c> with 409 and these words.</summary>
    internal void EndPoll(string by)
    {
        lock (_gate)
        {
            _pollEndedBy = by;
            _poller?.Cancel();
        }
    }

    /// <summary>Long polling: the updates from <paramref name="offset"/> on; those before it are forgotten. Null with words when another call ended it.</summary>
    internal async Task<(List<FakeUpdate>? Updates, string Conflict)> PollAsync(long offset, int limit, TimeSpan wait, CancellationToken aborted)
    {
        EndPoll("terminated by other getUpdates request; make sure that only one bot instance is running");
        using var mine = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        lock (_gate)
        {
            _poller = mine;
            Forget(offset);
        }

        try
        {
            using var over = new CancellationTokenSource(wait, _bot.Server.Options.Clock);
            while (true)
            {
                var changed = WhenChanged();
                var found = Waiting().Where(update => update.Id >= offset).Take(limit).ToList();
                if (found.Count > 0 || over.IsCancellationRequested)
                {
                    HandOut(found);
                    return (found, "");
                }

                await Task.WhenAny(changed, Task.Delay(Timeout.Infinite, over.Token), Task.Delay(Timeout.Infinite, mine.Token));
                if (mine.IsCancellationRequested)
                {
                    return (null, _pollEndedBy);
                }
            }
        }
        finally
        {
            lock (_gate)
            {
                _poller = _poller == mine ? null : _poller;
            }
        }
    }

    private void HandOut(List<FakeUpdate> updates)
    {
        lock (_gate)
        {
            updates.ForEach(update => _handedOut[update.Id] = update);
        }
    }

    // A negative offset keeps only so many of the last.
    private void Forget(long offset)
    {
        var gone = offset >= 0 ? _pending.Keys.Where(id => id < offset).ToList() : _pending.Keys.SkipLast((int)-offset).ToList();
        gone.ForEach(id => _pending.Remove(id));
    }

    private void Changed()
    {
        var changed = _changed;
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.TrySetResult();
    }
}
