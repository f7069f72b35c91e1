using Channels.Api.Channels;
using Channels.Api.Errors;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using Channels.Storage.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans;

namespace Channels.Api.Pairing;

/// <summary>Carries out what is asked of a channel's pairing, whichever path it was asked through.</summary>
internal sealed class Pairings(ChannelStore channels, ChannelSwitch activation, IGrainFactory grains)
{
    private const string NotPaired = "Channels of this kind are not paired with a phone.";

    public Task<Results<Ok<PairingAnswer>, Problem>> StartAsync(TenantId tenant, Guid channel, string? number, CancellationToken cancellationToken) =>
        ActAsync(tenant, channel, session => session.StartAsync(tenant, number, cancellationToken), cancellationToken);

    public Task<Results<Ok<PairingAnswer>, Problem>> RestartAsync(TenantId tenant, Guid channel, CancellationToken cancellationToken) =>
        ActAsync(tenant, channel, session => session.RestartAsync(tenant, cancellationToken), cancellationToken);

    public Task<Results<Ok<PairingAnswer>, Problem>> LogOutAsync(TenantId tenant, Guid channel, bool remove, CancellationToken cancellationToken) =>
        ActAsync(tenant, channel, session => session.LogOutAsync(tenant, remove, cancellationToken), cancellationToken);

    public async Task<Results<Ok<PairingAnswer>, Problem>> WatchAsync(TenantId tenant, Guid channel, CancellationToken cancellationToken)
    {
        if (await RefusalAsync(tenant, channel, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        return await grains.GetGrain<IWhatsAppSessionGrain>(channel).WatchAsync(tenant) is { } state
            ? TypedResults.Ok(PairingAnswer.Of(channel, state))
            : Problem.NotFound;
    }

    private async Task<Results<Ok<PairingAnswer>, Problem>> ActAsync(
        TenantId tenant, Guid channel, Func<IWhatsAppSessionGrain, Task<PairingResult>> act, CancellationToken cancellationToken)
    {
        if (await RefusalAsync(tenant, channel, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        var (result, state) = await act(grains.GetGrain<IWhatsAppSessionGrain>(channel));
        return state is null ? Problem.NotFound
            : result.Success ? TypedResults.Ok(PairingAnswer.Of(channel, state))
            : ActivationProblem.Of(result);
    }

    private async Task<Problem?> RefusalAsync(TenantId tenant, Guid channel, CancellationToken cancellationToken) =>
        await channels.FindAsync(tenant, new AccountId(channel), cancellationToken) is not { } found ? Problem.NotFound
        : activation.IsPaired(found.Kind) ? null
        : new Problem(ErrorCatalogue.WrongKind, NotPaired);
}
