using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Api.Idempotency;
using Channels.Api.Requests;
using Channels.Core.Connectors;
using Channels.Storage.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Kinds;

/// <summary>The channel kinds of this installation: what a form needs to know of each, whether settings would do, and which of them the tenant wants at all.</summary>
internal static class KindEndpoints
{
    private const string AboutValidate = """
        Checks settings as creating a channel would, and collects every complaint; nothing is kept. With check_connection the provider is asked as well, where its
        kind can be asked: that changes nothing there. With channel_id what is given is checked as a change of that channel: what is left out is taken from it,
        secrets too. 200 also when the settings are not valid: valid says so.
        """;

    private const string AboutDisable = """
        No channel of the kind can be made or activated any more. Channels that run go on running, and the answer says how many; with deactivate_channels they are
        switched off, as by POST /api/v1/channels/{id}/deactivate: their webhooks are kept and their replies wait.
        """;

    public static void MapKinds(this IEndpointRouteBuilder app)
    {
        app.MapApiGroup("/api/channels", "Channel kinds", Access.Access.Anybody)
            .MapGet("/", ListAsync).WithName("ListChannelKinds").WithSummary("Every channel kind: its specification, what the tenant does with it, and its status; and the assemblies that bring further ones");
        var kinds = app.MapApiGroup("/api/channels", "Channel kinds", Access.Access.Tenant);
        kinds.MapPost("/validate", ValidateAsync).WithName("ValidateChannelSettings").WithSummary("Checks a kind's settings, and on demand whether its provider accepts them")
            .WithDescription(AboutValidate.ReplaceLineEndings(" "));
        kinds.MapPost("/enable", EnableAsync).Repeatable().WithName("EnableChannelKind").WithSummary("Switches a channel kind on for the tenant; safe to repeat");
        kinds.MapPost("/disable", DisableAsync).Repeatable().WithName("DisableChannelKind").WithSummary("Switches a channel kind off for the tenant; safe to repeat")
            .WithDescription(AboutDisable.ReplaceLineEndings(" "));
    }

    private static async Task<Ok<KindList>> ListAsync(IConnectorCatalog connectors, KindSwitches switches, Caller caller, CancellationToken cancellationToken)
    {
        var uses = caller.ActsFor is { } tenant ? await switches.ReadAsync(tenant, cancellationToken) : null;
        return TypedResults.Ok(new KindList(
            [.. connectors.All.Select(kind => KindAnswer.Of(kind, connectors.Modules, uses)).OrderBy(kind => kind.Id, StringComparer.Ordinal)],
            [.. connectors.Modules.Select(KindModuleAnswer.Of)]));
    }

    private static async Task<Results<Ok<ValidationAnswer>, Problem>> ValidateAsync(
        JsonBody<ValidateSettings> body, Caller caller, SettingsCheck check, CancellationToken cancellationToken)
    {
        var (answer, problem) = await check.ValidateAsync(caller.Tenant, body.Value, cancellationToken);
        return answer is null ? problem! : TypedResults.Ok(answer);
    }

    private static async Task<Results<Ok<KindSwitchAnswer>, Problem>> EnableAsync(
        JsonBody<SwitchKind> body, Caller caller, KindSwitching switching, CancellationToken cancellationToken) =>
        await switching.OnAsync(caller.Tenant, body.Value.ChannelType, cancellationToken) is { } answer ? TypedResults.Ok(answer) : switching.Unknown;

    private static async Task<Results<Ok<KindSwitchAnswer>, Problem>> DisableAsync(
        JsonBody<SwitchKind> body, Caller caller, KindSwitching switching, CancellationToken cancellationToken) =>
        await switching.OffAsync(caller.Tenant, body.Value.ChannelType, body.Value.DeactivateChannels == true, cancellationToken) is { } answer
            ? TypedResults.Ok(answer)
            : switching.Unknown;
}
