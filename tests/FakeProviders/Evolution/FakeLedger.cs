namespace Channels.FakeProviders.Evolution;

/// <summary>Every message the fake took, in order, and whoever waits for the next.</summary>
public sealed class FakeLedger
{
    private readonly Lock _gate = new();
    private readonly List<FakeSend> _sends = [];
    private readonly List<FakeStored> _received = [];
    private TaskCompletionSource<FakeSend> _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _sends.Count;
            }
        }
    }

    /// <summary>Those after a place in the ledger, at most so many.</summary>
    public IReadOnlyList<FakeSend> After(long number, int most = int.MaxValue)
    {
        lock (_gate)
        {
            var from = (int)Math.Clamp(number, 0, _sends.Count);
            return _sends.GetRange(from, Math.Min(most, _sends.Count - from));
        }
    }

    /// <summary>Completes with the next message taken from now on. Arm it before the action.</summary>
    public async Task<FakeSend> NextAsync(TimeSpan? limit = null)
    {
        Task<FakeSend> next;
        lock (_gate)
        {
            next = _next.Task;
        }

        var wait = limit ?? TimeSpan.FromSeconds(10);
        try
        {
            return await next.WaitAsync(wait);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Waited {wait.TotalSeconds:0.#} s for the next send; the ledger holds {Count}.");
        }
    }

    internal FakeSend Add(string instance, string to, string text, string? replyTo, DateTimeOffset at, DateTimeOffset asked)
    {
        TaskCompletionSource<FakeSend> waiting;
        FakeSend send;
        lock (_gate)
        {
            var number = _sends.Count + 1;
            send = new FakeSend(number, $"3EB0{number:X18}", instance, to, text, replyTo, at, asked);
            _sends.Add(send);
            (waiting, _next) = (_next, new TaskCompletionSource<FakeSend>(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        waiting.TrySetResult(send);
        return send;
    }

    /// <summary>A message of the past, from before anybody listened: stored, and told to nobody.</summary>
    public void AddPast(string instance, string chat, bool fromMe, string id, string text, DateTimeOffset at) => AddReceived(new FakeStored(instance, chat, fromMe, id, text, at));

    internal void AddReceived(FakeStored received)
    {
        lock (_gate)
        {
            _received.Add(received);
        }
    }

    /// <summary>The newest of a chat, or of all, first, as <c>findMessages</c> shows them.</summary>
    internal (IReadOnlyList<FakeStored> Page, int Total) Find(string instance, string? chat, int page, int size)
    {
        lock (_gate)
        {
            var all = _sends.Where(send => send.Instance == instance).Select(send => new FakeStored(instance, send.Chat, true, send.Id, send.Text, send.At))
                .Concat(_received.Where(received => received.Instance == instance))
                .Where(message => chat is null || message.Chat == chat)
                .ToList();
            return ([.. all.OrderByDescending(message => message.At).Skip((page - 1) * size).Take(size)], all.Count);
        }
    }
}

/// <summary>A message in the fake's own store.</summary>
internal sealed record FakeStored(string Instance, string Chat, bool FromMe, string Id, string Text, DateTimeOffset At);
