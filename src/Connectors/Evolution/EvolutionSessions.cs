using System.Net;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;

namespace Channels.Connectors.Evolution;

/// <summary>The life of an instance's connection: how it stands, connecting, restarting, logging out, taking away.</summary>
internal sealed class EvolutionSessions(EvolutionApi api, TimeProvider clock)
{
    private const string Scan = "Scan the QR code with WhatsApp on the phone (Linked devices).";
    private const string WaitForCode = "The gateway is preparing a QR code; it will appear here.";
    private const string WaitForGateway = "The gateway has just started; wait until it has loaded the instance.";
    private const string Restarting = "The gateway is connecting anew; wait a moment.";
    private const int DeleteAttempts = 3;

    /// <summary>A question about the state is answered from the gateway's memory.</summary>
    private static readonly TimeSpan _questionLimit = TimeSpan.FromSeconds(10);

    /// <summary>A log-out is done some milliseconds after its answer.</summary>
    private static readonly TimeSpan _noticing = TimeSpan.FromMilliseconds(500);

    /// <summary>Connecting waits for the first QR code, about five seconds on a quiet gateway.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);

    public async Task<SessionReading> ReadAsync(Connection connection, bool identify, CancellationToken cancellationToken)
    {
        if (EvolutionSettings.Read(connection) is not { } settings)
        {
            return new SessionReading.Refused("settings-incomplete", "address, key or instance is missing in the settings");
        }

        using var answer = await api.CallAsync(settings, HttpMethod.Get, settings.CallTo("instance/connectionState"), null, _questionLimit, cancellationToken);
        if (EvolutionErrors.IsMissingInstance(answer))
        {
            return new SessionReading.Missing();
        }

        if (!answer.IsSuccess || !IsAboutInstance(answer))
        {
            return Hidden(EvolutionErrors.ToActivation(answer), settings, connection) switch
            {
                ActivationOutcome.Refused refused => new SessionReading.Refused(refused.Code, refused.Reason),
                ActivationOutcome.Unreachable silent => new SessionReading.Unreachable(silent.Reason),
                _ => throw new InvalidOperationException("An answer that is no success was read as one."),
            };
        }

        var state = StateOf(answer);
        if (state == "open" && !identify)
        {
            return new SessionReading.Open(null);
        }

        var known = await KnownAsync(settings, cancellationToken);
        return state switch
        {
            "open" => new SessionReading.Open(known.OwnId),

            // Without a state the gateway has just started and not loaded the instance yet.
            null or "connecting" => new SessionReading.Connecting(known.IsPaired),
            _ => new SessionReading.Closed(known.IsPaired),
        };
    }

    /// <summary>Opens a connection to WhatsApp, or gives the code of the one that waits for a phone.</summary>
    /// <remarks>
    /// Told to connect while it reconnects by itself, the gateway opens a second connection beside the first, and WhatsApp lets the two throw each
    /// other out for ever. Hence never for an instance that is paired and not open, unless it was found to do nothing by itself.
    /// </remarks>
    public async Task<ActivationOutcome> ConnectAsync(EvolutionSettings settings, string? number, CancellationToken cancellationToken)
    {
        // With the number the gateway also gives a code to type. Only when somebody wants one: it makes the pairing end with the first lost connection.
        var query = number is not null ? $"?number={number}" : "";
        using var answer = await api.CallAsync(settings, HttpMethod.Get, settings.CallTo("instance/connect", query), null, _limit, cancellationToken);
        return IsJustStarted(answer) ? new ActivationOutcome.Connecting(WaitForGateway)
            : !answer.IsSuccess ? EvolutionErrors.ToActivation(answer)
            : StateOf(answer) == "open" ? new ActivationOutcome.Active((await KnownAsync(settings, cancellationToken)).OwnId)
            : Pairing(answer.Body);
    }

    /// <summary>Restarts a connection that is there; one that is not is told to connect, since the gateway answers its restart with a success that says "error".</summary>
    public async Task<ActivationOutcome> RestartAsync(Connection connection, bool isIdle, CancellationToken cancellationToken)
    {
        if (EvolutionSettings.Read(connection) is not { } settings)
        {
            return new ActivationOutcome.Refused("settings-incomplete", "address, key or instance is missing in the settings");
        }

        // 1.8 and some of 2.x know it as PUT; the others answer that as an unknown path.
        foreach (var method in (HttpMethod[])[HttpMethod.Post, HttpMethod.Put])
        {
            using var answer = await api.CallAsync(settings, method, settings.CallTo("instance/restart"), null, _limit, cancellationToken);
            if (answer.Status == HttpStatusCode.NotFound && !EvolutionErrors.IsMissingInstance(answer))
            {
                continue;
            }

            // What it says of the state is older than the restart: how that ends is told by webhook, or when asked.
            return answer.IsSuccess ? new ActivationOutcome.Connecting(Restarting)

                // Also said between two attempts to reconnect: told to connect then, it has two connections.
                : IsJustStarted(answer) && !isIdle && (await KnownAsync(settings, cancellationToken)).IsPaired == true ? new ActivationOutcome.Connecting(Restarting)
                : IsJustStarted(answer) ? Hidden(await ConnectAsync(settings, null, cancellationToken), settings, connection)
                : Hidden(EvolutionErrors.ToActivation(answer), settings, connection);
        }

        return Hidden(await ConnectAsync(settings, null, cancellationToken), settings, connection);
    }

    /// <summary>Null when the instance is not connected any more, whoever did it.</summary>
    public async Task<ActivationOutcome?> LogOutAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (EvolutionSettings.Read(connection) is not { } settings)
        {
            return new ActivationOutcome.Refused("settings-incomplete", "address, key or instance is missing in the settings");
        }

        // A gateway that has not loaded the instance yet says that it logged it out, and did not.
        using var state = await api.CallAsync(settings, HttpMethod.Get, settings.CallTo("instance/connectionState"), null, _questionLimit, cancellationToken);
        if (state.IsSuccess && StateOf(state) is null)
        {
            return IsAboutInstance(state)
                ? new ActivationOutcome.Unreachable("the gateway has just started and does not know the instance yet")
                : EvolutionErrors.WrongAddress;
        }

        using var answer = await api.CallAsync(settings, HttpMethod.Delete, settings.CallTo("instance/logout"), null, _limit, cancellationToken);
        if (EvolutionErrors.IsNotConnected(answer))
        {
            // Also what it says in every other moment of a reconnection, and then the pairing is still there.
            return (await KnownAsync(settings, cancellationToken)).IsPaired == true ? EvolutionErrors.Reconnecting : null;
        }

        return answer.IsSuccess || EvolutionErrors.IsMissingInstance(answer) ? null : Refusal(answer, settings, connection);
    }

    /// <summary>Null when the instance is gone, whoever did it.</summary>
    public async Task<ActivationOutcome?> RemoveAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (EvolutionSettings.Read(connection) is not { } settings)
        {
            return new ActivationOutcome.Refused("settings-incomplete", "address, key or instance is missing in the settings");
        }

        // It logs out as it deletes, and fails where that fails: then logging out comes first, and a moment for the gateway to notice.
        for (var attempt = 1; ; attempt++)
        {
            using var answer = await api.CallAsync(settings, HttpMethod.Delete, settings.CallTo("instance/delete"), null, _limit, cancellationToken);
            if (answer.IsSuccess || EvolutionErrors.IsMissingInstance(answer))
            {
                return null;
            }

            if (attempt == DeleteAttempts || answer.Status != HttpStatusCode.BadRequest)
            {
                return Refusal(answer, settings, connection);
            }

            await LogOutAsync(connection, cancellationToken);
            await Task.Delay(_noticing, clock, cancellationToken);
        }
    }

    /// <summary>Who is paired, and whether anybody is, as the gateway remembers it; nulls where it does not say.</summary>
    /// <remarks>
    /// Its <c>connectionStatus</c> is kept in its database: <c>open</c> from the pairing to its end, through every reconnection; <c>connecting</c> while a
    /// code is out; <c>close</c> when the pairing has ended. 1.8 has no such thing: its <c>status</c> is the connection's.
    /// </remarks>
    public async Task<(string? OwnId, bool? IsPaired)> KnownAsync(EvolutionSettings settings, CancellationToken cancellationToken)
    {
        var address = new Uri($"{settings.CallToGateway("instance/fetchInstances")}?instanceName={Uri.EscapeDataString(settings.Instance)}");
        using var answer = await api.CallAsync(settings, HttpMethod.Get, address, null, _questionLimit, cancellationToken);
        if (!answer.IsSuccess)
        {
            return (null, null);
        }

        // 2.x lists instances; 1.8 wraps each in "instance" and may answer with a single one. With an instance's own key only that one is there.
        var all = answer.Body.ValueKind == JsonValueKind.Array ? answer.Body.EnumerateArray().ToList() : [answer.Body];
        var ours = all.Select(one => one.Member("instance") is { ValueKind: JsonValueKind.Object } inner ? inner : one)
            .FirstOrDefault(one => (one.Filled("name") ?? one.Filled("instanceName")) == settings.Instance);
        return (WhatsAppJid.Parse(ours.Filled("ownerJid") ?? ours.Filled("owner"))?.ToString(), ours.Filled("connectionStatus") is { } kept ? kept == "open" : null);
    }

    /// <summary>What the answer says about the code to pair with.</summary>
    public static ActivationOutcome.Connecting Pairing(JsonElement qr)
    {
        var image = qr.Filled("base64");
        return PairingCode.Of(
            qr.Filled("code"), image is null || image.StartsWith("data:", StringComparison.Ordinal) ? image : $"data:image/png;base64,{image}", qr.Filled("pairingCode"))
            is { } code ? new(Scan, code) : new(WaitForCode);
    }

    /// <summary>Whether this is a gateway's answer about an instance, and not whatever else answers 200 at its address.</summary>
    public static bool IsAboutInstance(EvolutionAnswer answer) => answer.Body.Member("instance").ValueKind == JsonValueKind.Object || StateOf(answer) is not null;

    /// <summary>The answer has it under <c>instance</c>; 1.8 at the top as well.</summary>
    public static string? StateOf(EvolutionAnswer answer) => answer.Body.Member("instance").Filled("state") ?? answer.Body.Filled("state");

    // The gateway's way to say that it has nothing to restart or to connect.
    private static bool IsJustStarted(EvolutionAnswer answer) => answer.Status is >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices && !answer.IsSuccess;

    private static ActivationOutcome Refusal(EvolutionAnswer answer, EvolutionSettings settings, Connection connection) => EvolutionErrors.IsBetweenConnections(answer)
        ? EvolutionErrors.Reconnecting
        : Hidden(EvolutionErrors.ToActivation(answer), settings, connection);

    private static ActivationOutcome Hidden(ActivationOutcome outcome, EvolutionSettings settings, Connection connection) =>
        Secrecy.Hide(outcome, settings.ApiKey, connection.WebhookSecret);
}
