using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Api.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Pairing;

/// <summary>Pairing a channel with a phone, and watching it.</summary>
/// <remarks>Answers hold codes that are as good as passwords while they last: none is kept for an <c>Idempotency-Key</c>. All may be repeated.</remarks>
internal static class PairingEndpoints
{
    public static void MapPairing(this IEndpointRouteBuilder channels)
    {
        channels.MapPost("/{id:guid}/pairing", StartAsync).WithName("StartPairing")
            .WithSummary("Connects the account at its gateway and gets a code when it is not paired; safe to repeat");
        channels.MapGet("/{id:guid}/pairing", WatchAsync).WithName("WatchPairing")
            .WithSummary("How the pairing stands; asked every few seconds, it always has a code that works");
        channels.MapDelete("/{id:guid}/pairing", LogOutAsync).WithName("EndPairing")
            .WithSummary("Logs the account out; with ?remove=true the gateway forgets it altogether");
        channels.MapPost("/{id:guid}/refresh-session", RestartAsync).WithName("RefreshSession")
            .WithSummary("Connects anew with the pairing it has; one that has none gets a new code");
        channels.MapPost("/{id:guid}/activate-waha", ActivateWahaAsync).WithName("ActivateWaha")
            .WithSummary("As POST …/pairing, for channels of the kind waha: adopts or creates the session, points its webhook to us, gives the code to scan");
    }

    private static Task<Results<Ok<PairingAnswer>, Problem>> ActivateWahaAsync(
        Guid id, JsonBody<StartPairing> body, Caller caller, Pairings pairings, CancellationToken cancellationToken) =>
        PhoneNumber.TryRead(body.Value.PhoneNumber, out var number)
            ? pairings.StartAsync(caller.Tenant, id, number, "waha", cancellationToken)
            : Task.FromResult<Results<Ok<PairingAnswer>, Problem>>(PhoneNumber.Complaint);

    private static Task<Results<Ok<PairingAnswer>, Problem>> StartAsync(
        Guid id, JsonBody<StartPairing> body, Caller caller, Pairings pairings, CancellationToken cancellationToken) =>
        PhoneNumber.TryRead(body.Value.PhoneNumber, out var number)
            ? pairings.StartAsync(caller.Tenant, id, number, kind: null, cancellationToken)
            : Task.FromResult<Results<Ok<PairingAnswer>, Problem>>(PhoneNumber.Complaint);

    private static Task<Results<Ok<PairingAnswer>, Problem>> WatchAsync(Guid id, Caller caller, Pairings pairings, CancellationToken cancellationToken) =>
        pairings.WatchAsync(caller.Tenant, id, cancellationToken);

    private static Task<Results<Ok<PairingAnswer>, Problem>> LogOutAsync(
        Guid id, bool? remove, Caller caller, Pairings pairings, CancellationToken cancellationToken) =>
        pairings.LogOutAsync(caller.Tenant, id, remove ?? false, cancellationToken);

    private static Task<Results<Ok<PairingAnswer>, Problem>> RestartAsync(Guid id, Caller caller, Pairings pairings, CancellationToken cancellationToken) =>
        pairings.RestartAsync(caller.Tenant, id, cancellationToken);
}
