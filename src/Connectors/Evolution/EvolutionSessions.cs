using System.Net;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.Evolution;

/// <summary>The life of an instance's connection: how it stands, connecting, restarting, logging out, taking away.</summary>
internal sealed class EvolutionSessions(EvolutionApi api)
{
    private const string Scan = "Scan the QR code with WhatsApp on the phone (Linked devices).";
    private const string WaitForCode = "The gateway is preparing a QR code; it will appear here.";

    /// <summary>A question about the state is answered from the gateway's memory.</summary>
    private static readonly TimeSpan _questionLimit = TimeSpan.FromSeconds(10);

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

        if (!answer.IsSuccess)
        {
            return Secrecy.Hide(EvolutionErrors.ToActivation(answer), settings.ApiKey, connection.WebhookSecret) switch
            {
                ActivationOutcome.Refused refused => new SessionReading.Refused(refused.Code, refused.Reason),
                ActivationOutcome.Unreachable silent => new SessionReading.Unreachable(silent.Reason),
                _ => throw new InvalidOperationException("An answer that is no success was read as one."),
            };
        }

        return StateOf(answer) switch
        {
            "open" => new SessionReading.Open(identify ? await OwnIdAsync(settings, cancellationToken) : null),
            "connecting" => new SessionReading.Connecting(),
            _ => new SessionReading.Closed(),
        };
    }

    public async Task<ActivationOutcome> ConnectAsync(EvolutionSettings settings, Connection connection, string? number, CancellationToken cancellationToken)
    {
        // With the number the gateway also gives a code to type, for phones that cannot scan.
        var query = NumberOf(connection, number) is { } phone ? $"?number={phone}" : "";
        using var answer = await api.CallAsync(settings, HttpMethod.Get, settings.CallTo("instance/connect", query), null, _limit, cancellationToken);
        return !answer.IsSuccess ? EvolutionErrors.ToActivation(answer)
            : StateOf(answer) == "open" ? new ActivationOutcome.Active(await OwnIdAsync(settings, cancellationToken))
            : Pairing(answer.Body);
    }

    /// <summary>Restarts a connection that is open; one that is not is told to connect, since the gateway answers a restart of it with a success that says "error".</summary>
    public async Task<ActivationOutcome> RestartAsync(Connection connection, CancellationToken cancellationToken)
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

            if (answer.Status is null or >= HttpStatusCode.InternalServerError or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
                || EvolutionErrors.IsMissingInstance(answer))
            {
                return Secrecy.Hide(EvolutionErrors.ToActivation(answer), settings.ApiKey, connection.WebhookSecret);
            }

            break;
        }

        return Secrecy.Hide(await ConnectAsync(settings, connection, null, cancellationToken), settings.ApiKey, connection.WebhookSecret);
    }

    /// <summary>Null when the instance is not connected any more, whoever did it.</summary>
    public Task<ActivationOutcome?> LogOutAsync(Connection connection, CancellationToken cancellationToken) =>
        EndAsync(connection, "instance/logout", answer => EvolutionErrors.IsNotConnected(answer), cancellationToken);

    /// <summary>Null when the instance is gone, whoever did it.</summary>
    public async Task<ActivationOutcome?> RemoveAsync(Connection connection, CancellationToken cancellationToken)
    {
        // Some versions delete only what is logged out.
        await LogOutAsync(connection, cancellationToken);
        return await EndAsync(connection, "instance/delete", _ => false, cancellationToken);
    }

    /// <summary>The paired number's jid; null when the gateway does not say. Asked of the list: the state's answer has it not.</summary>
    public async Task<string?> OwnIdAsync(EvolutionSettings settings, CancellationToken cancellationToken)
    {
        var address = new Uri($"{settings.CallToGateway("instance/fetchInstances")}?instanceName={Uri.EscapeDataString(settings.Instance)}");
        using var answer = await api.CallAsync(settings, HttpMethod.Get, address, null, _questionLimit, cancellationToken);
        if (!answer.IsSuccess)
        {
            return null;
        }

        // 2.x lists instances; 1.8 wraps each in "instance" and may answer with a single one. With an instance's own key only that one is there.
        var all = answer.Body.ValueKind == JsonValueKind.Array ? answer.Body.EnumerateArray().ToList() : [answer.Body];
        return all.Select(one => one.Member("instance") is { ValueKind: JsonValueKind.Object } inner ? inner : one)
            .Where(one => (one.Filled("name") ?? one.Filled("instanceName")) == settings.Instance)
            .Select(one => WhatsApp.WhatsAppJid.Parse(one.Filled("ownerJid") ?? one.Filled("owner"))?.ToString())
            .FirstOrDefault();
    }

    /// <summary>What the answer says about the code to pair with.</summary>
    public static ActivationOutcome.Connecting Pairing(JsonElement qr)
    {
        var image = qr.Filled("base64");
        var code = new PairingCode(
            qr.Filled("code"), image is null || image.StartsWith("data:", StringComparison.Ordinal) ? image : $"data:image/png;base64,{image}", qr.Filled("pairingCode"));
        return code.IsEmpty ? new(WaitForCode) : new(Scan, code);
    }

    /// <summary>The answer has it under <c>instance</c>; 1.8 at the top as well.</summary>
    public static string? StateOf(EvolutionAnswer answer) => answer.Body.Member("instance").Filled("state") ?? answer.Body.Filled("state");

    /// <summary>The phone's number in digits, or null.</summary>
    public static string? NumberOf(Connection connection, string? number) =>
        number ?? (connection.Identity is { Length: >= 8 and <= 15 } identity && identity.All(char.IsAsciiDigit) ? identity : null);

    private async Task<ActivationOutcome?> EndAsync(
        Connection connection, string path, Func<EvolutionAnswer, bool> isDoneAlready, CancellationToken cancellationToken)
    {
        if (EvolutionSettings.Read(connection) is not { } settings)
        {
            return new ActivationOutcome.Refused("settings-incomplete", "address, key or instance is missing in the settings");
        }

        using var answer = await api.CallAsync(settings, HttpMethod.Delete, settings.CallTo(path), null, _limit, cancellationToken);
        return answer.IsSuccess || EvolutionErrors.IsMissingInstance(answer) || isDoneAlready(answer)
            ? null
            : Secrecy.Hide(EvolutionErrors.ToActivation(answer), settings.ApiKey, connection.WebhookSecret);
    }
}
