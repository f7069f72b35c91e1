using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;

namespace Channels.Connectors.Waha;

/// <summary>The life of a session's connection: how it stands, starting, restarting, logging out, taking away.</summary>
internal sealed class WahaSessions(WahaApi api, WahaCodes codes, WahaVersions versions, TimeProvider clock)
{
    private const string Scan = "Scan the QR code with WhatsApp on the phone (Linked devices).";
    private const string WaitForCode = "The server is preparing a QR code; it will appear here.";
    private const string WaitForConnection = "The server is connecting to WhatsApp; wait a moment.";
    private const string Passkey = "WhatsApp asks for the phone's passkey: confirm it in the server's dashboard.";

    /// <summary>A question about a session is answered from the server's memory.</summary>
    private static readonly TimeSpan _questionLimit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(15);

    /// <summary>How long a session is watched as it starts. With what is asked before, below the time that a person waits.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan _betweenLooks = TimeSpan.FromMilliseconds(400);

    public async Task<SessionReading> ReadAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (WahaSettings.Read(connection) is not { } settings)
        {
            return new SessionReading.Refused("settings-incomplete", WahaSettings.Incomplete);
        }

        using var answer = await AskAsync(settings, cancellationToken);
        if (WahaErrors.IsMissingSession(answer))
        {
            return new SessionReading.Missing();
        }

        if (!answer.IsSuccess || StatusOf(answer) is not { } status)
        {
            return Hidden(WahaErrors.ToActivation(answer), settings, connection) switch
            {
                ActivationOutcome.Refused refused => new SessionReading.Refused(refused.Code, refused.Reason),
                ActivationOutcome.Unreachable silent => new SessionReading.Unreachable(silent.Reason),
                _ => throw new InvalidOperationException("An answer that is no success was read as one."),
            };
        }

        var ownId = OwnIdIn(answer.Body);

        // Who is paired is known only while connected: its absence says nothing.
        bool? isPaired = ownId is null ? null : true;
        switch (status)
        {
            case "WORKING":
                codes.Forget(connection.Account);
                await versions.LearnAsync(settings, cancellationToken);
                return new SessionReading.Open(ownId);
            case "SCAN_QR_CODE" or "PASSKEY_REQUIRED" or "PASSKEY_CONFIRMATION_REQUIRED":
                return new SessionReading.Connecting(IsPaired: false);
            case "FAILED" or "STOPPED":
                return new SessionReading.Closed(isPaired);
            default:
                return new SessionReading.Connecting(isPaired);
        }
    }

    /// <summary>Brings a session that is there to where it works or waits for a phone.</summary>
    /// <param name="connection">Whose.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="number">The phone's number in digits, for a code to type; null for a code to scan only.</param>
    /// <param name="mayStart">Whether one that is stopped or failed is started; once.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ActivationOutcome> SettleAsync(Connection connection, WahaSettings settings, string? number, bool mayStart, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (true)
        {
            using var answer = await AskAsync(settings, cancellationToken);
            if (!answer.IsSuccess || StatusOf(answer) is not { } status)
            {
                return WahaErrors.ToActivation(answer);
            }

            switch (status)
            {
                case "WORKING":
                    codes.Forget(connection.Account);
                    await versions.LearnAsync(settings, cancellationToken);
                    return new ActivationOutcome.Active(OwnIdIn(answer.Body));
                case "SCAN_QR_CODE" when await codes.GetAsync(connection, settings, number, cancellationToken) is { } code:
                    return new ActivationOutcome.Connecting(Scan, code);
                case "PASSKEY_REQUIRED" or "PASSKEY_CONFIRMATION_REQUIRED":
                    return new ActivationOutcome.Connecting(Passkey);
                case "STOPPED" or "FAILED" when mayStart:
                    mayStart = false;
                    if (await StartAsync(connection, settings, status, cancellationToken) is { } refusal)
                    {
                        return refusal;
                    }

                    break;
            }

            if (clock.GetElapsedTime(started) >= _patience)
            {
                // Not logged out here, though the server's manual says so: a server without its network fails as well, and a pairing is soon lost.
                return status == "FAILED" ? Failure : new ActivationOutcome.Connecting(status == "SCAN_QR_CODE" ? WaitForCode : WaitForConnection);
            }

            await Task.Delay(_betweenLooks, clock, cancellationToken);
        }
    }

    /// <summary>Restarts the engine, keeping the pairing; one that has none gets a new code.</summary>
    public async Task<ActivationOutcome> RestartAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (WahaSettings.Read(connection) is not { } settings)
        {
            return new ActivationOutcome.Refused("settings-incomplete", WahaSettings.Incomplete);
        }

        codes.Forget(connection.Account);
        using var answer = await PostAsync(settings, "/restart", cancellationToken);
        return Hidden(
            answer.IsSuccess ? await SettleAsync(connection, settings, null, mayStart: false, cancellationToken) : WahaErrors.ToActivation(answer), settings, connection);
    }

    /// <summary>Null when the session is not paired any more, whoever did it.</summary>
    public async Task<ActivationOutcome?> LogOutAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (WahaSettings.Read(connection) is not { } settings)
        {
            return new ActivationOutcome.Refused("settings-incomplete", WahaSettings.Incomplete);
        }

        codes.Forget(connection.Account);
        using var answer = await PostAsync(settings, "/logout", cancellationToken);
        if (!answer.IsSuccess)
        {
            return WahaErrors.IsMissingSession(answer) ? null : Hidden(WahaErrors.ToActivation(answer), settings, connection);
        }

        // One that was running starts anew by itself and waits for a phone: nobody asked for that.
        using var stopped = await PostAsync(settings, "/stop", cancellationToken);
        return stopped.IsSuccess || WahaErrors.IsMissingSession(stopped) ? null : Hidden(WahaErrors.ToActivation(stopped), settings, connection);
    }

    /// <summary>Null when the session is gone, whoever did it.</summary>
    public async Task<ActivationOutcome?> RemoveAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (WahaSettings.Read(connection) is not { } settings)
        {
            return new ActivationOutcome.Refused("settings-incomplete", WahaSettings.Incomplete);
        }

        codes.Forget(connection.Account);
        using var answer = await api.CallAsync(settings, HttpMethod.Delete, settings.CallToSession(), null, _limit, cancellationToken);
        return answer.IsSuccess || WahaErrors.IsMissingSession(answer) ? null : Hidden(WahaErrors.ToActivation(answer), settings, connection);
    }

    /// <summary>Asks for the session as it stands.</summary>
    public Task<WahaAnswer> AskAsync(WahaSettings settings, CancellationToken cancellationToken) =>
        api.CallAsync(settings, HttpMethod.Get, settings.CallToSession(), null, _questionLimit, cancellationToken);

    /// <summary>The session's status; null when this is no server's answer about a session.</summary>
    public static string? StatusOf(WahaAnswer answer) => answer.Body.Filled("status")?.ToUpperInvariant();

    public static ActivationOutcome Hidden(ActivationOutcome outcome, WahaSettings settings, Connection connection) =>
        Secrecy.Hide(outcome, settings.Secrets(connection));

    /// <summary>Null when the server took it. A failed one is restarted: told to start, some builds take it for running.</summary>
    private async Task<ActivationOutcome?> StartAsync(Connection connection, WahaSettings settings, string status, CancellationToken cancellationToken)
    {
        codes.Forget(connection.Account);
        using var answer = await PostAsync(settings, status == "FAILED" ? "/restart" : "/start", cancellationToken);

        // Somebody was faster.
        return answer.IsSuccess || WahaErrors.StatusIn(answer) is not null ? null : WahaErrors.ToActivation(answer);
    }

    private static ActivationOutcome.Refused Failure { get; } = new("session-failed", "the session's engine fails, also after a restart")
    {
        NextStep = "Look at the server's log and its network; if WhatsApp ended the pairing, log this channel out and pair it again.",
    };

    private Task<WahaAnswer> PostAsync(WahaSettings settings, string action, CancellationToken cancellationToken) =>
        api.CallAsync(settings, HttpMethod.Post, settings.CallToSession(action), null, _limit, cancellationToken);

    private static string? OwnIdIn(JsonElement session) => WhatsAppJid.Parse(session.Member("me").Filled("id") ?? session.Member("me").Filled("jid"))?.ToString();
}
