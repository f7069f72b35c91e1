using System.Text.Json;
using Channels.Core.Connectors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Kinds;

/// <summary>The channel kinds of this installation, with what a form needs to know of each.</summary>
internal static class KindEndpoints
{
    public static void MapKinds(this IEndpointRouteBuilder app) =>
        app.MapApiGroup("/api/channels", "Channel kinds", Access.Access.Anybody)
            .MapGet("/", List).WithName("ListChannelKinds").WithSummary("Every channel kind with the JSON Schema of its settings");

    private static Ok<KindList> List(IConnectorCatalog connectors) => TypedResults.Ok(new KindList(
        [.. connectors.All.Select(kind => KindAnswer.Of(kind.Manifest)).OrderBy(kind => kind.Id, StringComparer.Ordinal)]));
}

/// <summary>A channel kind. In its schema, <c>writeOnly</c> marks secrets.</summary>
internal sealed record KindAnswer(
    string Id, string DisplayName, string Version, string Transport, IReadOnlyList<string> Capabilities, JsonElement SettingsSchema, KindLimits Limits, string Status)
{
    public static KindAnswer Of(ChannelManifest manifest) => new(
        manifest.Id, manifest.DisplayName, manifest.Version, manifest.Transport, manifest.Capabilities, manifest.SettingsSchema,
        new(manifest.Limits.TextLength, manifest.Limits.MessagesPerSecond, manifest.Limits.Concurrency), "available");
}

/// <summary>What a provider allows one account; null for unlimited.</summary>
internal sealed record KindLimits(int TextLength, double? MessagesPerSecond, int Concurrency);

/// <summary>All channel kinds.</summary>
internal sealed record KindList(IReadOnlyList<KindAnswer> Channels);
