using System.Text.Json;
using System.Text.Json.Serialization;
using Channels.Api.Access;
using Channels.Api.Docs;
using Channels.Api.Errors;
using Channels.Api.Ingress;
using Channels.Api.Requests;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Storage.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Channels.Api.Channels;

/// <summary>Shows what the parser says to a provider's body, before any policy. Nothing is stored, nothing happens.</summary>
internal static partial class PreviewEndpoints
{
    private const string Path = "path";

    public static void MapPreview(this IEndpointRouteBuilder channels)
    {
        Map(channels, "/{id:guid}/preview", "PreviewWebhook",
            "What a raw provider body means, in the product's vocabulary; unreadable bodies answer 200 with the reason they would be parked with");
        Map(channels, $"/{{id:guid}}/preview/{{**{Path}}}", "PreviewWebhookBelow", "The same for a body that the provider posts to a path below the channel's address");
    }

    private static void Map(IEndpointRouteBuilder channels, string pattern, string name, string summary) =>
        channels.MapPost(pattern, PreviewAsync).WithName(name).WithSummary(summary)
            .WithMetadata(new TakesRawBody("The body as the provider posts it."), new AnswersWith(ErrorCatalogue.Unauthenticated, ErrorCatalogue.NotFound, ErrorCatalogue.TooLarge, ErrorCatalogue.StoreUnavailable))
            .Produces<PreviewShape>();

    private static async Task<IResult> PreviewAsync(
        Guid id, HttpContext http, Caller caller, ChannelStore channels, IChannelDirectory directory, IConnectorCatalog connectors, ILogger<PreviewAnswer> logger,
        CancellationToken cancellationToken)
    {
        if (await channels.FindAsync(caller.Tenant, new AccountId(id), cancellationToken) is not { } channel || connectors.Find(channel.Kind) is not { } connector)
        {
            return Problem.NotFound;
        }

        if (await BoundedBody.ReadAsync(http, WebhookIngress.Limit) is not { } body)
        {
            return new Problem(ErrorCatalogue.TooLarge);
        }

        // The same that the account's grain reads it with: some bodies do not say whose they are.
        var entry = await directory.FindAsync(channel.Account, cancellationToken);
        var webhook = new WebhookBody(body, (string?)http.Request.RouteValues[Path] ?? "", entry?.Connection);
        return new PreviewAnswer(connector.Read(webhook, crash => Log.ParserCrashed(logger, channel.Kind, http.TraceIdentifier, crash.GetType().Name, crash.StackTrace)));
    }

    /// <summary>For the API's description only.</summary>
    internal sealed record PreviewShape(IReadOnlyList<JsonElement> Events, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Unreadable);

    /// <summary>Written by the event's own writer, so that preview and what listeners get can never differ.</summary>
    private sealed class PreviewAnswer(Normalised normalised) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.ContentType = "application/json; charset=utf-8";
            await using var writer = new Utf8JsonWriter(httpContext.Response.BodyWriter, new JsonWriterOptions { Encoder = ApiJson.Options.Encoder });
            writer.WriteStartObject();
            writer.WriteStartArray("events");
            if (normalised is Normalised.Events { Items: var events })
            {
                foreach (var happened in events)
                {
                    ChannelEventJson.Write(writer, happened);
                }
            }

            writer.WriteEndArray();
            if (normalised is Normalised.Unreadable { Reason: var reason })
            {
                writer.WriteString("unreadable", reason);
            }

            writer.WriteEndObject();
            await writer.FlushAsync(httpContext.RequestAborted);
        }
    }
    private static partial class Log
    {
        [LoggerMessage(1112, LogLevel.Error, "The parser of {Kind} failed on the body previewed by request {TraceId} with {Failure}. {StackTrace}")]
        public static partial void ParserCrashed(ILogger logger, string kind, string traceId, string failure, string? stackTrace);
    }
}
