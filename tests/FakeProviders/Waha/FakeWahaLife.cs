using System.Globalization;

namespace Channels.FakeProviders.Waha;

/// <summary>The life of the fake's sessions: codes that are replaced, phones that scan them, breaks, log-outs. Posts the webhooks the server posts.</summary>
public sealed class FakeWahaLife
{
    /// <summary>So many codes, then the session fails.</summary>
    public const int CodesGiven = 6;

    private readonly FakeWaha _fake;
    private int _codes;

    internal FakeWahaLife(FakeWaha fake) => _fake = fake;

    /// <summary>Whether anything is told by webhook.</summary>
    public bool PostsWebhooks { get; set; } = true;

    /// <summary>Whether sessions that start get any further than that.</summary>
    public bool Connects { get; set; } = true;

    /// <summary>A phone scans the code.</summary>
    public Task ScanAsync(FakeWahaSession session, string number)
    {
        (session.Number, session.Code) = (number, null);
        return BecomeAsync(session, "WORKING");
    }

    /// <summary>The next code: what happens every 20 seconds. After the last one the session fails.</summary>
    public Task RotateAsync(FakeWahaSession session)
    {
        if (session.Codes >= CodesGiven)
        {
            session.Code = null;
            return BecomeAsync(session, "FAILED");
        }

        NextCode(session);
        return BecomeAsync(session, "SCAN_QR_CODE");
    }

    /// <summary>The connection breaks off, and is back at once.</summary>
    public async Task BreakAsync(FakeWahaSession session)
    {
        await BecomeAsync(session, "STARTING");
        await BecomeAsync(session, "WORKING");
    }

    /// <summary>The phone unlinks the device.</summary>
    public Task PhoneLogsOutAsync(FakeWahaSession session)
    {
        session.Number = null;
        return BecomeAsync(session, "FAILED");
    }

    /// <summary>Changes a session's status and tells of it.</summary>
    public async Task BecomeAsync(FakeWahaSession session, string status)
    {
        session.Status = status;
        if (PostsWebhooks)
        {
            await _fake.Webhooks.PostAsync(
                session, "session.status",
                new { name = session.Name, status, statuses = new[] { new { status, timestamp = _fake.Options.Clock.GetUtcNow().ToUnixTimeMilliseconds() } }, data = (object?)null });
        }
    }

    internal async Task StartAsync(FakeWahaSession session)
    {
        session.Starts++;
        session.Codes = 0;
        await BecomeAsync(session, "STARTING");
        if (!Connects)
        {
            return;
        }

        if (session.IsBroken)
        {
            await BecomeAsync(session, "FAILED");
        }
        else if (session.Number is not null)
        {
            await BecomeAsync(session, "WORKING");
        }
        else
        {
            NextCode(session);
            await BecomeAsync(session, "SCAN_QR_CODE");
        }
    }

    internal Task StopAsync(FakeWahaSession session)
    {
        session.Code = null;
        return session.Status == "STOPPED" ? Task.CompletedTask : BecomeAsync(session, "STOPPED");
    }

    internal async Task LogOutAsync(FakeWahaSession session)
    {
        var ran = session.Status != "STOPPED";
        session.Number = null;
        await StopAsync(session);
        if (ran)
        {
            await StartAsync(session);
        }
    }

    private void NextCode(FakeWahaSession session)
    {
        session.Codes++;
        session.Code = string.Create(CultureInfo.InvariantCulture, $"2@fake-waha-{Interlocked.Increment(ref _codes)},{session.Name}");
    }
}
