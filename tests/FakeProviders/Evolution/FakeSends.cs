using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Channels.FakeProviders.Evolution;

/// <summary>Takes sends, or does with them what a behaviour says.</summary>
internal sealed class FakeSends(FakeEvolution fake)
{
    private readonly Lock _gate = new();
    private long _second;
    private int _sentThisSecond;

    public async Task SendTextAsync(HttpContext http, FakeInstance instance, JsonElement body)
    {
        var asked = fake.Options.Clock.GetUtcNow();
        var behaviour = fake.NextBehaviour();
        if (fake.KeepsAttempts)
        {
            fake.Attempts.Enqueue(new FakeAttempt(instance.Name, FakeJson.Text(body, "number"), TextOf(body), behaviour, asked));
        }

        if (behaviour.Delay > TimeSpan.Zero)
        {
            await Task.Delay(behaviour.Delay, behaviour.TakesAbandoned ? CancellationToken.None : http.RequestAborted);
        }

        if (behaviour.Reset)
        {
            http.Abort();
            return;
        }

        if (behaviour.FailStatus is { } status)
        {
            await FailAsync(http, status, behaviour);
            return;
        }

        if (IsTooMany(behaviour))
        {
            await FailAsync(http, 429, behaviour with { RetryAfter = TimeSpan.FromSeconds(1) });
            return;
        }

        if (Complaint(instance, body) is { } complaint)
        {
            await FakeJson.ErrorAsync(http, 400, "Bad Request", complaint);
            return;
        }

        await TakeAsync(http, instance, body, behaviour, asked);
    }

    /// <summary>A file, a place, cards or a reaction: its body is kept as its text.</summary>
    /// <param name="http">The call.</param>
    /// <param name="instance">Whose.</param>
    /// <param name="body">What was sent.</param>
    /// <param name="wrapper">The older dialect's object for it.</param>
    /// <param name="needed">What the newer dialect asks for first.</param>
    public async Task SendContentAsync(HttpContext http, FakeInstance instance, JsonElement body, string wrapper, string needed)
    {
        var field = fake.Options.Major == 1 ? wrapper : needed;
        if (FakeJson.Member(body, field).ValueKind == JsonValueKind.Undefined)
        {
            await FakeJson.ErrorAsync(http, 400, "Bad Request", new[] { new[] { $"instance requires property \"{field}\"" } });
            return;
        }

        var now = fake.Options.Clock.GetUtcNow();
        var to = FakeJson.Text(body, "number") ?? FakeJson.Text(FakeJson.Member(FakeJson.Member(body, "reactionMessage"), "key"), "remoteJid") ?? FakeJson.Text(FakeJson.Member(body, "key"), "remoteJid");
        await FakeJson.SentAsync(http, instance, fake.Ledger.Add(instance.Name, to ?? "", body.GetRawText(), null, now, now));
    }

    private async Task TakeAsync(HttpContext http, FakeInstance instance, JsonElement body, FakeBehaviour behaviour, DateTimeOffset asked)
    {
        var quoted = FakeJson.Member(fake.Options.Major == 1 ? FakeJson.Member(body, "options") : body, "quoted");
        var send = fake.Ledger.Add(
            instance.Name, FakeJson.Text(body, "number")!, TextOf(body)!, FakeJson.Text(FakeJson.Member(quoted, "key"), "id"), fake.Options.Clock.GetUtcNow(), asked);
        if (behaviour.EchoesLater is { } later)
        {
            _ = EchoLaterAsync(instance, send, later);
        }

        if (behaviour.AcceptThenReset)
        {
            http.Abort();
            return;
        }

        if (behaviour.Echo == FakeEcho.BeforeAnswer)
        {
            await fake.Webhooks.EchoAsync(instance, send);
        }

        if (behaviour.BeforeAnswer is { } before)
        {
            await before(send);
        }

        if (behaviour.AcceptThenHang)
        {
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return;
        }

        await FakeJson.SentAsync(http, instance, send);
        if (behaviour.Echo == FakeEcho.AfterAnswer)
        {
            await http.Response.CompleteAsync();
            await fake.Webhooks.EchoAsync(instance, send);
        }
    }

    private async Task EchoLaterAsync(FakeInstance instance, FakeSend send, TimeSpan later)
    {
        await Task.Delay(later);
        await fake.Webhooks.EchoAsync(instance, send);
    }

    private object? Complaint(FakeInstance instance, JsonElement body)
    {
        var number = FakeJson.Text(body, "number");
        var needed = fake.Options.Major == 1 ? "textMessage" : "text";
        return number is null ? new[] { new[] { "instance requires property \"number\"" } }
            : FakeJson.Member(body, needed).ValueKind == JsonValueKind.Undefined ? new[] { new[] { $"instance requires property \"{needed}\"" } }
            : string.IsNullOrEmpty(TextOf(body)) ? new[] { "Text is required" }
            : instance.State != "open" ? new[] { "Error: Connection Closed" }
            : fake.Options.UnknownNumbers.Contains(number) ? new[] { new { jid = $"{number}@s.whatsapp.net", exists = false, number } }
            : null;
    }

    private string? TextOf(JsonElement body) => FakeJson.Text(fake.Options.Major == 1 ? FakeJson.Member(body, "textMessage") : body, "text");

    private bool IsTooMany(FakeBehaviour behaviour)
    {
        if (behaviour.SendsPerSecond is not { } most)
        {
            return false;
        }

        lock (_gate)
        {
            var second = fake.Options.Clock.GetUtcNow().ToUnixTimeSeconds();
            (_second, _sentThisSecond) = second == _second ? (_second, _sentThisSecond + 1) : (second, 1);
            return _sentThisSecond > most;
        }
    }

    private static Task FailAsync(HttpContext http, int status, FakeBehaviour behaviour)
    {
        if (behaviour.RetryAfter is { } wait)
        {
            http.Response.Headers.RetryAfter = ((int)wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        return behaviour.FailBody is { } body
            ? FakeJson.WriteRawAsync(http, status, body)
            : FakeJson.ErrorAsync(http, status, "Error", new[] { "scripted failure" });
    }
}
