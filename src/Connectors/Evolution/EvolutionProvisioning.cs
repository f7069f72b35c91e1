using System.Net;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.Evolution;

/// <summary>Brings an instance to life and points it at us: adopts what exists, creates what does not.</summary>
/// <remarks>
/// Safe to call at any time and twice at once: setting the same webhook again changes nothing, and two creations end with one instance and
/// one "already in use", which is an existing instance. Nothing is deleted or logged out here; see <see cref="EvolutionSessions"/>.
/// </remarks>
internal sealed class EvolutionProvisioning(EvolutionApi api, EvolutionSessions sessions)
{
    private const string WaitForConnection = "The gateway is connecting to WhatsApp with the pairing it has; wait a moment.";

    /// <summary>Creating and connecting wait for the first QR code, about five seconds on a quiet gateway.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);

    /// <param name="number">The phone's number in digits, for a code to type; null for a code to scan only.</param>
    public async Task<ActivationOutcome> ActivateAsync(Connection connection, string? number, CancellationToken cancellationToken)
    {
        if (EvolutionSettings.Read(connection) is not { } settings)
        {
            return new ActivationOutcome.Refused("settings-incomplete", "address, key or instance is missing in the settings");
        }

        using var state = await GetAsync(settings, "instance/connectionState", "", cancellationToken);
        var outcome = state.IsSuccess && EvolutionSessions.IsAboutInstance(state) ? await AdoptAsync(settings, connection, number, EvolutionSessions.StateOf(state), cancellationToken)
            : EvolutionErrors.IsMissingInstance(state) ? await CreateAsync(settings, connection, number, cancellationToken)
            : EvolutionErrors.ToActivation(state);
        return Secrecy.Hide(outcome, settings.ApiKey, connection.WebhookSecret);
    }

    private async Task<ActivationOutcome> AdoptAsync(EvolutionSettings settings, Connection connection, string? number, string? state, CancellationToken cancellationToken)
    {
        if (await SetWebhookAsync(settings, connection, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        var (ownId, isPaired) = await sessions.KnownAsync(settings, cancellationToken);
        return state == "open" ? new ActivationOutcome.Active(ownId)
            : isPaired == true || state is null ? new ActivationOutcome.Connecting(WaitForConnection)
            : await sessions.ConnectAsync(settings, number, cancellationToken);
    }

    private async Task<ActivationOutcome> CreateAsync(EvolutionSettings settings, Connection connection, string? number, CancellationToken cancellationToken)
    {
        using var created = await PostAsync(
            settings, settings.CallToGateway("instance/create"), EvolutionPayloads.Create(settings, connection, number, withWebhook: true), cancellationToken);
        if (created.IsSuccess)
        {
            return EvolutionSessions.Pairing(created.Body.Member("qrcode"));
        }

        // Somebody was faster, perhaps ourselves in another process.
        if (EvolutionErrors.IsNameInUse(created))
        {
            return await AdoptAsync(settings, connection, number, state: "close", cancellationToken);
        }

        return created.Status == HttpStatusCode.BadRequest
            ? await CreateBareAsync(settings, connection, number, cancellationToken)
            : EvolutionErrors.ToActivation(created);
    }

    /// <summary>1.8 wants the webhook as a text, with no place for a secret, and 2.0 does not know all our events: there it is set afterwards.</summary>
    private async Task<ActivationOutcome> CreateBareAsync(EvolutionSettings settings, Connection connection, string? number, CancellationToken cancellationToken)
    {
        using var created = await PostAsync(
            settings, settings.CallToGateway("instance/create"), EvolutionPayloads.Create(settings, connection, number, withWebhook: false), cancellationToken);
        if (!created.IsSuccess && !EvolutionErrors.IsNameInUse(created))
        {
            return EvolutionErrors.ToActivation(created);
        }

        return await SetWebhookAsync(settings, connection, cancellationToken) is { } refusal
            ? refusal
            : created.IsSuccess ? EvolutionSessions.Pairing(created.Body.Member("qrcode")) : await sessions.ConnectAsync(settings, number, cancellationToken);
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
                return answer.Body.ValueKind == JsonValueKind.Object ? null : EvolutionErrors.WrongAddress;
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

    private Task<EvolutionAnswer> GetAsync(EvolutionSettings settings, string path, string query, CancellationToken cancellationToken) =>
        api.CallAsync(settings, HttpMethod.Get, settings.CallTo(path, query), null, _limit, cancellationToken);

    private Task<EvolutionAnswer> PostAsync(EvolutionSettings settings, Uri address, ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        api.CallAsync(settings, HttpMethod.Post, address, body, _limit, cancellationToken);
}
