using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Channels.Api.Errors;
using Channels.Api.Requests;
using Channels.Core.Connectors;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Channels.Api.Docs;

/// <summary>Describes what no handler's parameters tell: bodies that are taken as they are, parts of a path that nothing binds, and the addresses providers call.</summary>
internal static partial class RawDescription
{
    // Meta's own words, in its own spelling.
    private static readonly (string Name, string About)[] _question =
    [
        ("hub.mode", "subscribe."), ("hub.challenge", "What the answer consists of."), ("hub.verify_token", "The channel's verify_token, or its webhook secret where it has none."),
    ];

    public static void Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var address = metadata.OfType<WebhookAddress>().FirstOrDefault();
        operation.Parameters ??= [];
        foreach (var name in Part().Matches(context.Description.RelativePath ?? "").Select(part => part.Groups["name"].Value)
                     .Where(name => operation.Parameters.All(parameter => parameter.Name != name)))
        {
            operation.Parameters.Add(PartOfPath(name, address, context.ApplicationServices));
        }

        if (address is { IsQuestion: true })
        {
            foreach (var (name, about) in _question)
            {
                operation.Parameters.Add(Needed(name, ParameterLocation.Query, about));
            }
        }

        if ((address is { IsQuestion: false } ? TakesRawBody.OfAWebhook : metadata.OfType<TakesRawBody>().FirstOrDefault()) is { } body)
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Description = body.About,
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType> { [AnyContentType.Any] = new() { Schema = new OpenApiSchema { Description = "Read as it is, whatever its content type." } } },
            };
        }

        if (address is not null)
        {
            operation.Responses = new OpenApiResponses { ["200"] = Good(address) };
        }

        foreach (var same in (address?.Problems ?? metadata.OfType<AnswersWith>().SelectMany(answers => answers.Errors)).GroupBy(error => error.Status))
        {
            (operation.Responses ??= [])[same.Key.ToString(CultureInfo.InvariantCulture)] = Bad([.. same]);
        }
    }

    private static OpenApiParameter PartOfPath(string name, WebhookAddress? address, IServiceProvider services) => name switch
    {
        "kind" => Needed(name, ParameterLocation.Path, "The channel kind.", [.. services.GetRequiredService<IConnectorCatalog>().All
            .Where(kind => address?.IsFor(kind) == true).Select(kind => kind.Manifest.Id).Order(StringComparer.Ordinal)]),
        "channel_id" => Needed(name, ParameterLocation.Path, "The channel's id.", format: "uuid"),
        _ => Needed(name, ParameterLocation.Path, "Any path, with slashes in it too."),
    };

    private static OpenApiResponse Good(WebhookAddress address) => address.IsQuestion
        ? new() { Description = "The challenge, bare.", Content = new Dictionary<string, OpenApiMediaType> { ["text/plain"] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String } } } }
        : new()
        {
            Description = "It is committed, whatever its content: an empty object, or what the provider reads in the answer.",
            Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.Object } } },
        };

    private static OpenApiResponse Bad(IReadOnlyList<ApiError> errors) => new()
    {
        Description = string.Join(" ", errors.Select(error => $"{error.Code}: {error.Title}.")),
        Content = new Dictionary<string, OpenApiMediaType> { [Problem.ContentType] = new() },
        Headers = errors.All(error => error.RetryAfter is null) ? null : new Dictionary<string, IOpenApiHeader>
        {
            ["Retry-After"] = new OpenApiHeader { Description = "Seconds.", Schema = new OpenApiSchema { Type = JsonSchemaType.Integer } },
        },
    };

    private static OpenApiParameter Needed(string name, ParameterLocation location, string about, IReadOnlyList<string>? words = null, string? format = null) => new()
    {
        Name = name,
        In = location,
        Required = true,
        Description = about,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = format, Enum = words is { Count: > 0 } ? [.. words.Select(word => (JsonNode)word)] : null },
    };

    [GeneratedRegex(@"\{\**(?<name>[a-z_]+)")]
    private static partial Regex Part();
}

/// <summary>Says in the API's description that the body is taken as it is.</summary>
/// <param name="About">What it is.</param>
internal sealed record TakesRawBody(string About)
{
    public static TakesRawBody OfAWebhook { get; } = new("What the provider posts, of at most 4 MB.");
}

/// <summary>Says in the API's description what an endpoint answers with besides success.</summary>
internal sealed record AnswersWith(params ApiError[] Errors);

/// <summary>Says in the API's description that providers call the endpoint.</summary>
/// <param name="IsQuestion">They ask whether the address is ours; else they post.</param>
/// <param name="IsOfAll">It is the one address of all channels of a kind; else one channel's.</param>
internal sealed record WebhookAddress(bool IsQuestion, bool IsOfAll)
{
    /// <summary>What it answers with besides 200.</summary>
    public IEnumerable<ApiError> Problems => (IsQuestion, IsOfAll) switch
    {
        (true, _) => [ErrorCatalogue.WebhookTokenWrong, ErrorCatalogue.NotFound, ErrorCatalogue.MethodNotAllowed, ErrorCatalogue.StoreUnavailable],
        (_, true) => [ErrorCatalogue.BadRequest, .. OfEveryPost, ErrorCatalogue.WebhookAmbiguous],
        _ => OfEveryPost,
    };

    private static ApiError[] OfEveryPost { get; } =
    [
        ErrorCatalogue.WebhookUnauthenticated, ErrorCatalogue.NotFound, ErrorCatalogue.RequestTimeout, ErrorCatalogue.TooLarge, ErrorCatalogue.InternalError,
        ErrorCatalogue.StoreUnavailable, ErrorCatalogue.InboxFull,
    ];

    /// <summary>Whether a kind's providers call it.</summary>
    public bool IsFor(IConnector kind) => (IsQuestion, IsOfAll) switch
    {
        (true, _) => kind is IWebhookHandshake,
        (_, true) => kind is IGlobalWebhookConnector or ISharedWebhookConnector,
        _ => true,
    };
}
