using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Api.Idempotency;
using Channels.Api.Kinds;
using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Storage.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Channels;

/// <summary>Switching a channel on and off at its provider.</summary>
internal static class ActivationEndpoints
{
    public static void MapActivation(this IEndpointRouteBuilder channels)
    {
        channels.MapPost("/{id:guid}/activate", ActivateAsync).Repeatable().WithName("ActivateChannel")
            .WithSummary("Adopts, creates or connects the account at its provider and points the provider's webhook to us; safe to repeat");
        channels.MapPost("/{id:guid}/test-connection", TestAsync).WithName("TestChannelConnection")
            .WithSummary("Asks the provider whether it accepts the channel's settings; changes nothing there, nor here");
        channels.MapPost("/{id:guid}/deactivate", DeactivateAsync).Repeatable().WithName("DeactivateChannel").WithSummary("Switches a channel off: webhooks are kept, replies wait");
    }

    private static async Task<Results<Ok<ActivationAnswer>, Problem>> ActivateAsync(
        Guid id, Caller caller, ChannelStore channels, KindSwitches switches, ChannelSwitch activation, CancellationToken cancellationToken)
    {
        var account = new AccountId(id);
        if (await channels.FindAsync(caller.Tenant, account, cancellationToken) is not { } channel)
        {
            return Problem.NotFound;
        }

        if (await switches.IsOffAsync(caller.Tenant, channel.Kind, cancellationToken))
        {
            return new Problem(ErrorCatalogue.KindDisabled);
        }

        var result = await activation.OnAsync(caller.Tenant, channel, cancellationToken);
        return result.Success
            ? TypedResults.Ok(new ActivationAnswer(true, id, result.Status.ToWord(), result.ActivatedAt, result.NextStep))
            : ActivationProblem.Of(result);
    }

    private static async Task<Results<Ok<ConnectionAnswer>, Problem>> TestAsync(
        Guid id, Caller caller, ChannelStore channels, SettingsCheck check, CancellationToken cancellationToken)
    {
        if (await channels.FindAsync(caller.Tenant, new AccountId(id), cancellationToken) is not { } channel)
        {
            return Problem.NotFound;
        }

        return await check.AskAsync(caller.Tenant, channel, cancellationToken) is { } said
            ? TypedResults.Ok(new ConnectionAnswer(said.Complaints.IsEmpty, [.. said.Complaints.Select(SettingsCheck.Plain)], said.Found))
            : new Problem(ErrorCatalogue.WrongKind, $"A provider of kind {channel.Kind} cannot be asked.");
    }

    private static async Task<Results<Ok<ActivationAnswer>, Problem>> DeactivateAsync(
        Guid id, Caller caller, ChannelStore channels, ChannelSwitch activation, CancellationToken cancellationToken)
    {
        var account = new AccountId(id);
        if (await channels.FindAsync(caller.Tenant, account, cancellationToken) is not { } channel)
        {
            return Problem.NotFound;
        }

        await activation.OffAsync(caller.Tenant, channel);
        return TypedResults.Ok(new ActivationAnswer(true, id, AccountStatus.Inactive.ToWord(), channel.ActivatedAt));
    }
}

/// <summary>What a provider said about a channel's settings.</summary>
/// <param name="Ok">Whether it accepts them.</param>
/// <param name="Complaints">Everything that is wrong.</param>
/// <param name="Found">What was found there, for people.</param>
internal sealed record ConnectionAnswer(bool Ok, IReadOnlyList<ComplaintAnswer> Complaints, string? Found);
