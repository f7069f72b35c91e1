using System.Net;
using Channels.Connectors.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.Waha;

/// <summary>Asks a server whether settings work: its version first, then the session with the same credentials. Changes nothing there.</summary>
internal sealed class WahaCheck(WahaApi api)
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(10);

    public async Task<ConnectionCheck> CheckAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (WahaSettings.Read(connection) is not { } settings)
        {
            return new([new("base_url", "required", WahaSettings.Incomplete, "give all of them")]);
        }

        using var version = await api.CallAsync(settings, HttpMethod.Get, settings.CallTo("server/version"), null, _limit, cancellationToken);
        if (version.Status is null)
        {
            return ConnectionCheck.Unreachable("base_url", version.Trouble);
        }

        // A key made for one session may be refused the version and still be right for the session.
        using var session = await api.CallAsync(settings, HttpMethod.Get, settings.CallToSession(), null, _limit, cancellationToken);
        var server = version.IsSuccess && version.Body.Filled("version") is { Length: <= 64 } number ? $"WAHA {number} ({version.Body.Filled("engine") ?? "unknown engine"})" : "WAHA";
        return session switch
        {
            { Status: null } => ConnectionCheck.Unreachable("base_url", session.Trouble),
            { IsSuccess: true } when WahaSessions.StatusOf(session) is { Length: <= 64 } status => new([], $"{server}, session {settings.Session}: {status}"),
            _ when WahaErrors.IsMissingSession(session) => new([], $"{server}; the session {settings.Session} is not there yet and will be created"),
            _ => new([Complaint(session, settings, connection)]),
        };
    }

    private static SettingsComplaint Complaint(WahaAnswer answer, WahaSettings settings, Connection connection)
    {
        var credentials = settings.ApiKey is null ? "auth" : "api_key";
        return (answer.Status, WahaSessions.Hidden(WahaErrors.ToActivation(answer), settings, connection)) switch
        {
            (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, ActivationOutcome.Refused refused) =>
                new(credentials, refused.Code, refused.Reason, "copy it anew from the server's configuration, or have one made that may use this session"),
            (_, ActivationOutcome.Refused refused) => new(refused.Field ?? "base_url", refused.Code, refused.Reason, refused.NextStep ?? "correct the address"),
            (_, ActivationOutcome.Unreachable silent) => new("base_url", "unreachable", silent.Reason, "look at the server's log"),
            _ => new("base_url", "wrong-address", WahaErrors.WrongAddress.Reason, "correct the address"),
        };
    }
}
