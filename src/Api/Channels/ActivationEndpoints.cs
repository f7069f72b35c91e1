using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using Channels.Storage.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Orleans;

namespace Channels.Api.Channels;

/// <summary>Switching a channel on and off at its provider.</summary>
internal static class ActivationEndpoints
{
    // The grain's words for "nobody answered there".
    private const string Unreachable = "unreachable";

    public static void MapActivation(this IEndpointRouteBuilder channels)
    {
        channels.MapPost("/{id:guid}/activate", ActivateAsync).WithName("ActivateChannel")
            .WithSummary("Adopts, creates or connects the account at its provider and points the provider's webhook to us; safe to repeat");
        channels.MapPost("/{id:guid}/deactivate", DeactivateAsync).WithName("DeactivateChannel").WithSummary("Switches a channel off: webhooks are kept, replies wait");
    }

    private static async Task<Results<Ok<ActivationAnswer>, Problem>> ActivateAsync(
        Guid id, Caller caller, ChannelStore channels, IChannelDirectory directory, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var account = new AccountId(id);
        if (await channels.FindAsync(caller.Tenant, account, cancellationToken) is not { } channel)
        {
            return Problem.NotFound;
        }

        var result = await grains.GetGrain<IConnectorGrain>(channel.Connector.Value).ActivateAsync(caller.Tenant, account, cancellationToken);
        directory.Forget(account);

        // Replies may have waited for this.
        await grains.GetGrain<IAccountGrain>(id).SettingsChangedAsync();
        return result.Success
            ? TypedResults.Ok(new ActivationAnswer(true, id, result.Status.ToWord(), result.ActivatedAt, result.NextStep))
            : Refused(result);
    }

    private static async Task<Results<Ok<ActivationAnswer>, Problem>> DeactivateAsync(
        Guid id, Caller caller, ChannelStore channels, IChannelDirectory directory, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var account = new AccountId(id);
        if (await channels.FindAsync(caller.Tenant, account, cancellationToken) is not { } channel)
        {
            return Problem.NotFound;
        }

        await grains.GetGrain<IConnectorGrain>(channel.Connector.Value).DisableAsync(caller.Tenant, account, cancellationToken);
        directory.Forget(account);
        return TypedResults.Ok(new ActivationAnswer(true, id, AccountStatus.Inactive.ToWord(), channel.ActivatedAt));
    }

    private static Problem Refused(ActivationResult result)
    {
        var error = result.Code?.Contains(Unreachable, StringComparison.Ordinal) == true ? ErrorCatalogue.ProviderUnreachable : ErrorCatalogue.ProviderRefused;
        var detail = string.Join(" ", new[] { result.Reason, result.NextStep }.Where(text => !string.IsNullOrEmpty(text)));
        return new(error, detail, result.Field is { } field ? [new($"config.{field}", result.Reason ?? "was refused by the provider.")] : null);
    }
}
