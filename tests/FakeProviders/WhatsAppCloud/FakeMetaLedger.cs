namespace Channels.FakeProviders.WhatsAppCloud;

/// <summary>One message the fake took: WhatsApp would have delivered it.</summary>
/// <param name="Number">Its place in the ledger, from 1.</param>
/// <param name="Id">The id the fake gave it.</param>
/// <param name="From">The number's id.</param>
/// <param name="To">Whom, as it was given.</param>
/// <param name="Type"><c>text, image, template</c>…</param>
/// <param name="Text">What was said, of a text.</param>
/// <param name="ReplyTo">The message it answers.</param>
/// <param name="Callback">What comes back in its statuses.</param>
/// <param name="At">When it was taken.</param>
public sealed record FakeMetaSend(long Number, string Id, string From, string To, string Type, string? Text, string? ReplyTo, string? Callback, DateTimeOffset At);

/// <summary>The messages the fake took, in order.</summary>
public sealed class FakeMetaLedger
{
    private readonly Lock _gate = new();
    private readonly List<FakeMetaSend> _sends = [];
    private TaskCompletionSource<FakeMetaSend> _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>All of them.</summary>
    public IReadOnlyList<FakeMetaSend> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _sends];
            }
        }
    }

    /// <summary>Completes with the next message taken from now on. Arm it before the action.</summary>
    public async Task<FakeMetaSend> NextAsync(TimeSpan? limit = null)
    {
        Task<FakeMetaSend> next;
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
            throw new TimeoutException($"Waited {wait.TotalSeconds:0.#} s for the next send; the ledger holds {All.Count}.");
        }
    }

    internal FakeMetaSend Add(string from, string to, string type, string? text, string? replyTo, string? callback, DateTimeOffset at)
    {
        TaskCompletionSource<FakeMetaSend> waiting;
        FakeMetaSend send;
        lock (_gate)
        {
            var number = _sends.Count + 1;
            send = new FakeMetaSend(number, $"wamid.FAKE{number:X16}==", from, to, type, text, replyTo, callback, at);
            _sends.Add(send);
            (waiting, _next) = (_next, new TaskCompletionSource<FakeMetaSend>(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        waiting.TrySetResult(send);
        return send;
    }
}
