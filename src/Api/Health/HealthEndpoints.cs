using Channels.Api.Errors;
using Channels.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Health;

/// <summary>For whoever keeps the process running: does it live, may it be sent traffic.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz", Healthy).WithName("Healthz").WithTags("Health").WithSummary("The process lives");
        app.MapGet("/readyz", ReadyAsync).WithName("Readyz").WithTags("Health").WithSummary("The store answers and its schema is up to date");
    }

    private static Ok<HealthAnswer> Healthy() => TypedResults.Ok(new HealthAnswer("ok"));

    private static async Task<Results<Ok<HealthAnswer>, Problem>> ReadyAsync(Readiness readiness, CancellationToken cancellationToken) =>
        await readiness.WhatIsMissingAsync(cancellationToken) is { } missing
            ? new Problem(ErrorCatalogue.NotReady, $"Not ready: {missing}.")
            : TypedResults.Ok(new HealthAnswer("ready"));
}

/// <summary>How it is.</summary>
internal sealed record HealthAnswer(string Status);
