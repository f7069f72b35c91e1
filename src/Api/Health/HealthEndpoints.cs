using System.Text.Json.Serialization;
using Channels.Api.Errors;
using Channels.Core.Media;
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
        app.MapGet("/readyz", ReadyAsync).WithName("Readyz").WithTags("Health").WithSummary("The store answers, takes webhooks, and its schema is up to date")
            .WithDescription("attention lists what a person must mend although traffic may be sent: files that cannot be kept. What is stored waits for it, and nothing else does.");
    }

    private static Ok<HealthAnswer> Healthy() => TypedResults.Ok(new HealthAnswer("ok"));

    private static async Task<Results<Ok<HealthAnswer>, Problem>> ReadyAsync(Readiness readiness, IMediaStore media, CancellationToken cancellationToken) =>
        await readiness.WhatIsMissingAsync(cancellationToken) is { } missing
            ? new Problem(ErrorCatalogue.NotReady, $"Not ready: {missing}.")
            : TypedResults.Ok(new HealthAnswer("ready", Attention(media.FindTrouble())));

    // Ready all the same: who is sent no traffic stores no webhooks, and not every provider sends them for long.
    private static IReadOnlyList<AttentionAnswer>? Attention(MediaTrouble? trouble) =>
        trouble is null ? null : [new(ErrorCatalogue.MediaUnavailable.Code, trouble.What, trouble.Since, trouble.NextStep)];
}

/// <summary>How it is.</summary>
/// <param name="Status"><c>ok</c>, or <c>ready</c> to be sent traffic.</param>
/// <param name="Attention">What somebody must mend although traffic may be sent; absent when there is nothing.</param>
internal sealed record HealthAnswer(string Status, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<AttentionAnswer>? Attention = null);

/// <summary>What is wrong with the installation.</summary>
/// <param name="Code">A word of ours.</param>
/// <param name="What">The same in words.</param>
/// <param name="Since">Since when.</param>
/// <param name="NextStep">What the operator does.</param>
internal sealed record AttentionAnswer(string Code, string What, DateTimeOffset Since, string NextStep);
