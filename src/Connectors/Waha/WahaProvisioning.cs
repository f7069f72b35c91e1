using System.Net;
using Channels.Connectors.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.Waha;

/// <summary>Brings a session to life and points it at us: adopts what exists, creates what does not.</summary>
/// <remarks>
/// Safe to call at any time and twice at once. A new configuration makes the server restart the session, and replaces the old one as a whole: it is sent
/// only where ours is not in it yet, with everything that others put there. Two creations end with one session and one "already exists".
/// </remarks>
internal sealed class WahaProvisioning(WahaApi api, WahaSessions sessions)
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(15);

    /// <param name="connection">Whose.</param>
    /// <param name="number">The phone's number in digits, for a code to type; null for a code to scan only.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ActivationOutcome> ActivateAsync(Connection connection, string? number, CancellationToken cancellationToken)
    {
        if (WahaSettings.Read(connection) is not { } settings)
        {
            return new ActivationOutcome.Refused("settings-incomplete", WahaSettings.Incomplete);
        }

        using var session = await sessions.AskAsync(settings, cancellationToken);
        var refusal = session.IsSuccess && WahaSessions.StatusOf(session) is not null ? await AdoptAsync(settings, connection, session, cancellationToken)
            : WahaErrors.IsMissingSession(session) ? await CreateAsync(settings, connection, cancellationToken)
            : WahaErrors.ToActivation(session);
        return WahaSessions.Hidden(refusal ?? await sessions.SettleAsync(connection, settings, number, mayStart: true, cancellationToken), settings, connection);
    }

    /// <summary>Null when the session posts to us.</summary>
    private async Task<ActivationOutcome?> AdoptAsync(WahaSettings settings, Connection connection, WahaAnswer session, CancellationToken cancellationToken)
    {
        var config = session.Body.Member("config");
        return WahaPayloads.IsPointedAtUs(config, connection)
            ? null
            : await TryListsAsync(settings, HttpMethod.Put, settings.CallToSession(), events => WahaPayloads.Update(config, connection, events), cancellationToken);
    }

    private async Task<ActivationOutcome?> CreateAsync(WahaSettings settings, Connection connection, CancellationToken cancellationToken)
    {
        var refusal = await TryListsAsync(settings, HttpMethod.Post, settings.CallTo("sessions"), events => WahaPayloads.Create(settings, connection, events), cancellationToken);
        if (refusal is not ActivationOutcome.Refused { Code: SessionExists })
        {
            return refusal;
        }

        // Somebody was faster, perhaps ourselves in another process.
        using var session = await sessions.AskAsync(settings, cancellationToken);
        return session.IsSuccess ? await AdoptAsync(settings, connection, session, cancellationToken) : WahaErrors.ToActivation(session);
    }

    /// <summary>Null when the server took one of the lists of events. The refusal of the newest says most; the other is only for older servers.</summary>
    private async Task<ActivationOutcome?> TryListsAsync(
        WahaSettings settings, HttpMethod method, Uri address, Func<string[], ReadOnlyMemory<byte>> body, CancellationToken cancellationToken)
    {
        ActivationOutcome? refusal = null;
        foreach (var events in WahaPayloads.EventLists)
        {
            using var answer = await api.CallAsync(settings, method, address, body(events), _limit, cancellationToken);
            if (answer.IsSuccess)
            {
                return null;
            }

            refusal ??= WahaErrors.Exists(answer) ? new ActivationOutcome.Refused(SessionExists, "the session exists already") : WahaErrors.ToActivation(answer);
            if (answer.Status != HttpStatusCode.BadRequest)
            {
                break;
            }
        }

        return refusal;
    }

    private const string SessionExists = "session-exists";
}
