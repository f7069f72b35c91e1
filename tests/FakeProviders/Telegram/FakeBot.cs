using System.Collections.Concurrent;

namespace Channels.FakeProviders.Telegram;

/// <summary>One bot at the fake server: its token, its chats, what waits for it and what it sent.</summary>
public sealed class FakeBot
{
    private readonly ConcurrentQueue<FakeBotBehaviour> _script = new();
    private readonly Lock _gate = new();
    private readonly List<FakeBotSend> _sent = [];
    private readonly List<(Func<FakeBotSend, bool> Wanted, TaskCompletionSource<FakeBotSend> Waiter)> _waiters = [];

    internal FakeBot(FakeTelegram server, string token, string username)
    {
        Server = server;
        Token = token;
        Id = long.Parse(token[..token.IndexOf(':', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture);
        Username = username;
        Updates = new FakeUpdates(this);
    }

    public FakeTelegram Server { get; }

    public string Token { get; }

    public long Id { get; }

    public string Username { get; }

    /// <summary>Its owner revoked the token: every call is 401.</summary>
    public bool IsRevoked { get; set; }

    public ConcurrentDictionary<long, FakeChat> Chats { get; } = new();

    /// <summary>What happened and waits to be told.</summary>
    public FakeUpdates Updates { get; }

    /// <summary>How it treats sends that no scripted behaviour is left for.</summary>
    public FakeBotBehaviour Behaviour { get; set; } = new();

    /// <summary>All calls it got, taken or not, as the method's name.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Buttons it said it noticed.</summary>
    public ConcurrentQueue<string> AnsweredCallbacks { get; } = new();

    /// <summary>Signs it showed, as chat and action.</summary>
    public ConcurrentQueue<(long Chat, string Action)> Actions { get; } = new();

    /// <summary>Every message it sent, in order.</summary>
    public IReadOnlyList<FakeBotSend> Sent
    {
        get
        {
            lock (_gate)
            {
                return [.. _sent];
            }
        }
    }

    /// <summary>Files that people sent, by id.</summary>
    public ConcurrentDictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Awaited before the bytes of a file leave; null gives them at once. It gets the file's id.</summary>
    public Func<string, Task>? BeforeFile { get; set; }

    /// <summary>As it stands in messages.</summary>
    public object Shown => new { id = Id, is_bot = true, first_name = Username, username = Username };

    /// <summary>The private chat with a person, who has pressed Start.</summary>
    public FakeChat Person(long id, string name = "Mira Holt") => Chats.GetOrAdd(id, _ => new FakeChat(id, "private", name));

    /// <summary>A group the bot is in.</summary>
    public FakeChat Group(long id, string name = "Harbour crew", string type = "supergroup") => Chats.GetOrAdd(id, _ => new FakeChat(id, type, name));

    /// <summary>The behaviours of the next sends, one each; afterwards <see cref="Behaviour"/> holds again.</summary>
    public void Script(params ReadOnlySpan<FakeBotBehaviour> behaviours)
    {
        foreach (var behaviour in behaviours)
        {
            _script.Enqueue(behaviour);
        }
    }

    /// <summary>Completes with the next message sent from now on. Arm it before the action.</summary>
    public Task<FakeBotSend> NextSendAsync(Func<FakeBotSend, bool>? wanted = null, TimeSpan? limit = null)
    {
        var waiter = new TaskCompletionSource<FakeBotSend>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiters.Add((wanted ?? (_ => true), waiter));
        }

        return waiter.Task.WaitAsync(limit ?? TimeSpan.FromSeconds(30));
    }

    internal FakeBotBehaviour NextBehaviour() => _script.TryDequeue(out var scripted) ? scripted : Behaviour;

    internal void Add(FakeBotSend send)
    {
        List<TaskCompletionSource<FakeBotSend>> told;
        lock (_gate)
        {
            _sent.Add(send);
            told = [.. _waiters.Where(waiting => waiting.Wanted(send)).Select(waiting => waiting.Waiter)];
            _waiters.RemoveAll(waiting => told.Contains(waiting.Waiter));
        }

        foreach (var waiter in told)
        {
            waiter.TrySetResult(send);
        }
    }
}
