using System.Collections.Immutable;
using Channels.Core.Connectors;

namespace Channels.Connectors.Evolution;

/// <summary>Asks a gateway how the instance stands: that takes the address, the key and the name, and changes nothing.</summary>
internal sealed class EvolutionConnectionCheck(EvolutionApi api)
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(10);

    public async Task<ConnectionCheck> CheckAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (EvolutionSettings.Read(connection) is not { } settings)
        {
            return new([new("base_url", "required", "address, key or instance is missing", "give all three")]);
        }

        using var answer = await api.CallAsync(settings, HttpMethod.Get, settings.CallTo("instance/connectionState"), null, _limit, cancellationToken);
        if (answer.IsSuccess && EvolutionSessions.IsAboutInstance(answer))
        {
            return new([], $"instance {settings.Instance}, connection {EvolutionSessions.StateOf(answer) ?? "unknown"}");
        }

        return EvolutionErrors.IsMissingInstance(answer)
            ? new([], $"the gateway answers; instance {settings.Instance} does not exist yet and is created when the channel is activated")
            : new([Complaint(EvolutionErrors.ToActivation(answer), settings, connection)]);
    }

    private static SettingsComplaint Complaint(ActivationOutcome outcome, EvolutionSettings settings, Connection connection) =>
        Secrecy.Hide(outcome, settings.ApiKey, connection.WebhookSecret) switch
        {
            ActivationOutcome.Refused { GatewayFault: true } refused => new("base_url", refused.Code, refused.Reason, "see to the gateway, then check again"),
            ActivationOutcome.Refused { Field: { } field } refused => new(field, refused.Code, refused.Reason, RemedyOf(field)),
            ActivationOutcome.Refused refused => new("base_url", refused.Code, refused.Reason, "correct the settings that the gateway speaks of"),
            ActivationOutcome.Unreachable unreachable => ConnectionCheck.Unreachable("base_url", unreachable.Reason).Complaints[0],
            _ => new("base_url", "unexpected", "the gateway answers otherwise than Evolution API does", "check that this is the gateway's address"),
        };

    private static string RemedyOf(string field) => field switch
    {
        "api_key" => "copy AUTHENTICATION_API_KEY, or the instance's own token, from the gateway's configuration",
        "base_url" => "give the address at which the gateway itself answers, without a path to a single call",
        _ => "correct it",
    };
}
