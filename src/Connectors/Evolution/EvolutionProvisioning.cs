using System.Net;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.Evolution;

/// <summary>Brings an instance to life and points it at us: adopts what exists, creates what does not.</summary>
/// <remarks>
/// Safe to call at any time and twice at once: setting the same webhook again changes nothing, and two creations end with one instance and
/// one "already in use", which is an existing instance. Nothing is deleted or logged out here.
/// </remarks>
internal sealed class EvolutionProvisioning(EvolutionApi api)
{
    private const string Scan = "Scan the QR code with WhatsApp on the phone (Linked devices).";
    private const string WaitForCode = "The gateway is preparing a QR code; it will appear here.";

    /// <summary>Creating and connecting wait for the first QR code, about five seconds on a quiet gateway.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);

    public async Task<ActivationOutcome> ActivateAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (EvolutionSettings.Read(connection) is not { } settings)
        {
            return new ActivationOutcome.Refused("settings-incomplete", "address, key or instance is missing in the settings");
        }

        using var state = await GetAsync(settings, "instance/connectionState", "", cancellationToken);
        var outcome = state.IsSuccess ? await AdoptAsync(settings, connection, IsOpen(state), cancellationToken)
            : EvolutionErrors.IsMissingInstance(state) ? await CreateAsync(settings, connection, cancellationToken)
            : EvolutionErrors.ToActivation(state);
        return Secrecy.Hide(outcome, settings.ApiKey, connection.WebhookSecret);
    }

    private async Task<ActivationOutcome> AdoptAsync(EvolutionSettings settings, Connection connection, bool open, CancellationToken cancellationToken)
    {
        if (await SetWebhookAsync(settings, connection, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        return open ? new ActivationOutcome.Active() : await ConnectAsync(settings, connection, cancellationToken);
    }

    private async Task<ActivationOutcome> CreateAsync(EvolutionSettings settings, Connection connection, CancellationToken cancellationToken)
    {
        using var created = await PostAsync(
            settings, settings.CallToGateway("instance/create"), EvolutionPayloads.Create(settings, connection, withWebhook: true), cancellationToken);
        if (created.IsSuccess)
        {
            return Pairing(created.Body.Member("qrcode"));
        }

        // Somebody was faster, perhaps ourselves in another process.
        if (EvolutionErrors.IsNameInUse(created))
        {
            return await AdoptAsync(settings, connection, open: false, cancellationToken);
        }

        return created.Status == HttpStatusCode.BadRequest
            ? await CreateBareAsync(settings, connection, cancellationToken)
            : EvolutionErrors.ToActivation(created);
    }

    /// <summary>1.8 wants the webhook as a text, with no place for a secret, and 2.0 does not know all our events: there it is set afterwards.</summary>
    private async Task<ActivationOutcome> CreateBareAsync(EvolutionSettings settings, Connection connection, CancellationToken cancellationToken)
    {
        using var created = await PostAsync(
            settings, settings.CallToGateway("instance/create"), EvolutionPayloads.Create(settings, connection, withWebhook: false), cancellationToken);
        if (!created.IsSuccess && !EvolutionErrors.IsNameInUse(created))
        {
            return EvolutionErrors.ToActivation(created);
        }

        return await SetWebhookAsync(settings, connection, cancellationToken) is { } refusal
            ? refusal
            : created.IsSuccess ? Pairing(created.Body.Member("qrcode")) : await ConnectAsync(settings, connection, cancellationToken);
    }

    /// <summary>Null when it is set.</summary>
    private async Task<ActivationOutcome?> SetWebhookAsync(EvolutionSettings settings, Connection connection, CancellationToken cancellationToken)
    {
        ActivationOutcome? refusal = null;
        foreach (var body in EvolutionPayloads.SetWebhook(connection))
        {
            using var answer = await PostAsync(settings, settings.CallTo("webhook/set"), body, cancellationToken);
            if (answer.IsSuccess)
            {
                return null;
            }

            // The refusal of the newest body says most; the older ones are only tried for older gateways.
            refusal ??= EvolutionErrors.ToActivation(answer);
            if (answer.Status != HttpStatusCode.BadRequest)
            {
                break;
            }
        }

        return refusal;
    }

    private async Task<ActivationOutcome> ConnectAsync(EvolutionSettings settings, Connection connection, CancellationToken cancellationToken)
    {
        // With the number the gateway also gives a code to type, for phones that cannot scan.
        var number = connection.Identity is { Length: >= 8 and <= 15 } identity && identity.All(char.IsAsciiDigit) ? $"?number={identity}" : "";
        using var answer = await GetAsync(settings, "instance/connect", number, cancellationToken);
        return !answer.IsSuccess ? EvolutionErrors.ToActivation(answer)
            : IsOpen(answer) ? new ActivationOutcome.Active()
            : Pairing(answer.Body);
    }

    private static ActivationOutcome.Connecting Pairing(JsonElement qr)
    {
        var code = new PairingCode(qr.Filled("code"), qr.Filled("base64"), qr.Filled("pairingCode"));
        return code.IsEmpty ? new(WaitForCode) : new(Scan, code);
    }

    /// <summary>The answer has it under <c>instance</c>; 1.8 at the top as well.</summary>
    private static bool IsOpen(EvolutionAnswer answer) =>
        (answer.Body.Member("instance").Filled("state") ?? answer.Body.Filled("state")) == "open";

    private Task<EvolutionAnswer> GetAsync(EvolutionSettings settings, string path, string query, CancellationToken cancellationToken) =>
        api.CallAsync(settings, HttpMethod.Get, settings.CallTo(path, query), null, _limit, cancellationToken);

    private Task<EvolutionAnswer> PostAsync(EvolutionSettings settings, Uri address, ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        api.CallAsync(settings, HttpMethod.Post, address, body, _limit, cancellationToken);
}
