using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Channels.FakeProviders.Evolution;

/// <summary>The life of the fake's connections: codes that are replaced, phones that scan them, breaks, log-outs. Posts the webhooks the gateway posts.</summary>
public sealed class FakePairing
{
    /// <summary>So many codes, then the socket is closed and the count begins anew. Nothing else begins it anew: an instance's next pairing goes on counting.</summary>
    public const int CodesGiven = 30;

    private readonly FakeEvolution _fake;
    private int _codes;

    internal FakePairing(FakeEvolution fake) => _fake = fake;

    /// <summary>Whether creating and connecting give a code at once; otherwise it comes by webhook alone, as on a busy gateway.</summary>
    public bool GivesCodesAtOnce { get; set; } = true;

    /// <summary>Whether codes come as a picture too; a gateway may give the text alone.</summary>
    public bool DrawsCodes { get; set; } = true;

    /// <summary>Whether anything is told by webhook; a restart of the gateway loses what it had not posted.</summary>
    public bool PostsWebhooks { get; set; } = true;

    /// <summary>Whether a paired instance that is restarted comes back; otherwise it stays <c>connecting</c>.</summary>
    public bool Connects { get; set; } = true;

    /// <summary>So many of the next deletions fail, as they do while the gateway has not noticed a log-out yet.</summary>
    public int FailingDeletions { get; set; }

    /// <summary>The gateway has just started: it has not loaded its instances yet.</summary>
    public bool IsStarting { get; set; }

    /// <summary>The next code: what happens every 45 seconds. After the last one the gateway gives up.</summary>
    public async Task RotateAsync(FakeInstance instance)
    {
        if (instance.Codes >= CodesGiven)
        {
            await GiveUpAsync(instance);
            return;
        }

        NextCode(instance);
        await PostCodeAsync(instance);
    }

    /// <summary>A phone scans the code.</summary>
    public Task ScanAsync(FakeInstance instance, string number)
    {
        (instance.State, instance.OwnJid, instance.IsPaired, instance.IsCodeOut) = ("open", $"{number}@s.whatsapp.net", true, false);
        return PostOpenAsync(instance);
    }

    /// <summary>The phone unlinks the device: the gateway forgets the pairing.</summary>
    public async Task PhoneLogsOutAsync(FakeInstance instance)
    {
        (instance.State, instance.IsPaired, instance.IsCodeOut) = ("close", false, false);
        await PostEndAsync(instance);
    }

    /// <summary>The connection breaks and the gateway tries to reconnect: <c>connecting</c> is posted each time, and never a <c>close</c>.</summary>
    public async Task BreakAsync(FakeInstance instance, int attempts = 1)
    {
        instance.State = "connecting";
        for (var attempt = 0; attempt < attempts; attempt++)
        {
            await PostAsync(instance, "connection.update", new { instance = instance.Name, state = "connecting", statusReason = 200 });
        }
    }

    /// <summary>It is back.</summary>
    public Task MendAsync(FakeInstance instance)
    {
        instance.State = "open";
        return PostOpenAsync(instance);
    }

    /// <summary>The gateway cleans up instances that stayed unpaired.</summary>
    public Task CleanUpAsync(FakeInstance instance)
    {
        _fake.Instances.TryRemove(instance.Name, out _);
        return PostAsync(instance, "remove.instance", null);
    }

    internal async Task ConnectAsync(HttpContext http, FakeInstance instance)
    {
        if (IsStarting)
        {
            await FakeJson.WriteAsync(http, 200, new { error = true, message = "[object Object]" });
            return;
        }

        if (instance.State == "open")
        {
            await FakeJson.WriteAsync(http, 200, new { instance = new { instanceName = instance.Name, state = "open" } });
            return;
        }

        if (instance.IsPaired)
        {
            instance.SecondConnections++;
            await FakeJson.WriteAsync(http, 200, CodeOf(instance));
            return;
        }

        // The limit counts the codes of earlier pairings too.
        if (!instance.IsCodeOut && instance.Codes >= CodesGiven)
        {
            await PostAsync(instance, "connection.update", new { instance = instance.Name, state = "connecting", statusReason = 200 });
            await GiveUpAsync(instance);
            await FakeJson.WriteAsync(http, 200, new { count = 0 });
            return;
        }

        // The answer holds the code there was before; a new one comes by webhook.
        var stale = instance.IsCodeOut || instance.Code is null ? null : CodeOf(instance);
        Open(instance);
        var number = http.Request.Query["number"].ToString();
        instance.Number = number.Length > 0 ? number : instance.Number;
        await PostCodeAsync(instance);
        await PostAsync(instance, "connection.update", new { instance = instance.Name, state = "connecting", statusReason = 200 });
        await FakeJson.WriteAsync(http, 200, stale ?? CodeOf(instance));
    }

    internal void Open(FakeInstance instance)
    {
        instance.State = "connecting";
        if (!instance.IsCodeOut)
        {
            NextCode(instance);
        }
    }

    internal object CodeOf(FakeInstance instance) => GivesCodesAtOnce
        ? new { pairingCode = TypedOf(instance), code = instance.Code, base64 = PictureOf(instance), count = instance.Codes }
        : new { pairingCode = (string?)null, count = 0 };

    internal async Task PostOpeningAsync(FakeInstance instance)
    {
        await PostAsync(instance, "connection.update", new { instance = instance.Name, state = "connecting", statusReason = 200 });
        await PostCodeAsync(instance);
    }

    internal async Task LogOutAsync(HttpContext http, FakeInstance instance)
    {
        if (IsStarting)
        {
            // It says so, and has done nothing.
            await FakeJson.WriteAsync(http, 200, new { status = "SUCCESS", error = false, response = new { message = "Instance logged out" } });
        }
        else if (instance.State == "close" && _fake.Options.ClosedIsLoggedOut)
        {
            await FakeJson.WriteAsync(http, 200, new { status = "SUCCESS", error = false, response = new { message = "Instance was already disconnected" } });
        }
        else if (instance.State == "close")
        {
            await FakeJson.ErrorAsync(http, 400, "Bad Request", new[] { $"The \"{instance.Name}\" instance is not connected" });
        }
        else if (instance is { State: "connecting", IsPaired: true })
        {
            await FakeJson.ErrorAsync(http, 500, "Internal Server Error", new[] { "Error: Connection Closed" });
        }
        else
        {
            await EndAsync(instance);
            await FakeJson.WriteAsync(http, 200, new { status = "SUCCESS", error = false, response = new { message = "Instance logged out" } });
        }
    }

    internal async Task RestartAsync(HttpContext http, FakeInstance instance)
    {
        if (instance.State == "close" || IsStarting)
        {
            await FakeJson.WriteAsync(http, 200, new { error = true, message = "[object Object]" });
            return;
        }

        var before = instance.State;
        instance.State = "connecting";
        await PostAsync(instance, "connection.update", new { instance = instance.Name, state = "connecting", statusReason = 200 });
        if (instance.IsPaired && Connects)
        {
            await MendAsync(instance);
        }

        await FakeJson.WriteAsync(http, 200, new { instance = new { instanceName = instance.Name, state = before } });
    }

    internal async Task DeleteAsync(HttpContext http, FakeInstance instance)
    {
        if (FailingDeletions > 0)
        {
            FailingDeletions--;
            await FakeJson.ErrorAsync(http, 400, "Bad Request", new[] { "[object Object]" });
            return;
        }

        if (instance.State != "close")
        {
            await EndAsync(instance);
        }

        _fake.Instances.TryRemove(instance.Name, out _);
        await PostAsync(instance, "remove.instance", null);
        await FakeJson.WriteAsync(http, 200, new { status = "SUCCESS", error = false, response = new { message = "Instance deleted" } });
    }

    private Task EndAsync(FakeInstance instance)
    {
        (instance.State, instance.IsPaired, instance.IsCodeOut) = ("close", false, false);
        return PostEndAsync(instance);
    }

    private async Task GiveUpAsync(FakeInstance instance)
    {
        (instance.State, instance.IsCodeOut, instance.Codes, instance.Code) = ("close", false, 0, null);
        await PostAsync(instance, "qrcode.updated", new { message = "QR code limit reached, please login again", statusCode = 500 });
        await PostAsync(instance, "connection.update", new { instance = instance.Name, state = "refused", statusReason = 428 });
    }

    private void NextCode(FakeInstance instance)
    {
        instance.Codes++;
        instance.IsCodeOut = true;
        instance.Code = $"2@fake-{Interlocked.Increment(ref _codes).ToString(CultureInfo.InvariantCulture)},{instance.Name}";
    }

    private static string? TypedOf(FakeInstance instance) => instance.Number is null || instance.Code is null ? null : $"FAKE{instance.Codes:0000}";

    private string? PictureOf(FakeInstance instance) => DrawsCodes && instance.Code is not null ? "data:image/png;base64,iVBORw0KGgo=" : null;

    private Task PostCodeAsync(FakeInstance instance) => instance.Code is null
        ? Task.CompletedTask
        : PostAsync(instance, "qrcode.updated", new { qrcode = new { instance = instance.Name, pairingCode = TypedOf(instance), code = instance.Code, base64 = PictureOf(instance) } });

    private Task PostOpenAsync(FakeInstance instance) => PostAsync(
        instance, "connection.update",
        new { instance = instance.Name, wuid = instance.OwnJid, profileName = "Fake shop", profilePictureUrl = (string?)null, state = "open", statusReason = 200 });

    private async Task PostEndAsync(FakeInstance instance)
    {
        await PostAsync(instance, "logout.instance", null);
        await PostAsync(instance, "status.instance", new { instance = instance.Name, status = "closed", disconnectionAt = "2026-01-01T00:00:00.000Z", disconnectionReasonCode = 401 });
        await PostAsync(instance, "connection.update", new { instance = instance.Name, state = "close", statusReason = 401 });
    }

    private async Task PostAsync(FakeInstance instance, string eventName, object? data)
    {
        if (PostsWebhooks)
        {
            await _fake.Webhooks.PostAsync(instance, eventName, data);
        }
    }
}
