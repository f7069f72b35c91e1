using Channels.Api.Channels;
using Channels.Api.Errors;
using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using Channels.Storage.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans;

namespace Channels.Api.Pairing;

/// <summary>Carries out what is asked of a channel's pairing, whichever path it was asked through.</summary>
internal sealed class Pairings(ChannelStore channels, KindSwitches switches, ChannelSwitch activation, IGrainFactory grains)
{
    private const string NotPaired = "Channels of this kind are not paired with a phone.";

    /// <param name="tenant">The owner.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="number">The phone's number in digits, for a code to type as well.</param>
    /// <param name="kind">The only kind this is for; null for every kind that is paired.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task<Results<Ok<PairingAnswer>, Problem>> StartAsync(TenantId tenant, Guid channel, string? number, string? kind, CancellationToken cancellationToken) =>
        ActAsync(tenant, channel, begins: true, session => session.StartAsync(tenant, number, cancellationToken), cancellationToken, kind);

    public Task<Results<Ok<PairingAnswer>, Problem>> RestartAsync(TenantId tenant, Guid channel, CancellationToken cancellationToken) =>
        ActAsync(tenant, channel, begins: true, session => session.RestartAsync(tenant, cancellationToken), cancellationToken);

    public Task<Results<Ok<PairingAnswer>, Problem>> LogOutAsync(TenantId tenant, Guid channel, bool remove, CancellationToken cancellationToken) =>
        ActAsync(tenant, channel, begins: false, session => session.LogOutAsync(tenant, remove, cancellationToken), cancellationToken);

    public async Task<Results<Ok<PairingAnswer>, Problem>> WatchAsync(TenantId tenant, Guid channel, CancellationToken cancellationToken)
    {
        if (await channels.FindAsync(tenant, new AccountId(channel), cancellationToken) is not { } found)
        {
            return Problem.NotFound;
        }

        if (Refusal(found) is { } refusal)
        {
            return refusal;
        }

        if (await grains.GetGrain<IWhatsAppSessionGrain>(channel).WatchAsync(tenant) is not { } state)
        {
            return Problem.NotFound;
        }

        // A session that stands, behind a gateway in trouble: the channel cannot send, and says why.
        var answer = PairingAnswer.Of(channel, state);
        return TypedResults.Ok(state.Account == AccountStatus.Active && found.Status == AccountStatus.Error.ToWord()
            ? answer with { Status = found.Status, ReasonCode = found.StatusCode, Reason = found.StatusReason, NextStep = found.NextStep }
            : answer);
    }

    private async Task<Results<Ok<PairingAnswer>, Problem>> ActAsync(
        TenantId tenant, Guid channel, bool begins, Func<IWhatsAppSessionGrain, Task<PairingResult>> act, CancellationToken cancellationToken, string? kind = null)
    {
        if (await channels.FindAsync(tenant, new AccountId(channel), cancellationToken) is not { } found)
        {
            return Problem.NotFound;
        }

        if (Refusal(found, kind) is { } refusal)
        {
            return refusal;
        }

        if (begins && await switches.IsOffAsync(tenant, found.Kind, cancellationToken))
        {
            return new Problem(ErrorCatalogue.KindDisabled);
        }

        var (result, state) = await act(grains.GetGrain<IWhatsAppSessionGrain>(channel));
        return state is null ? Problem.NotFound
            : result.Success ? TypedResults.Ok(PairingAnswer.Of(channel, state))
            : ActivationProblem.Of(result);
    }

    private Problem? Refusal(ChannelDetails channel, string? kind = null) => kind is not null && kind != channel.Kind
        ? new Problem(ErrorCatalogue.WrongKind, $"This channel is of the kind '{channel.Kind}', not '{kind}': activate it with POST /api/v1/channels/{{id}}/activate.")
        : activation.IsPaired(channel.Kind) ? null
        : new Problem(ErrorCatalogue.WrongKind, NotPaired);
}
