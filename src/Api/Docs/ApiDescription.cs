using System.Globalization;
using System.Reflection;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Api.Idempotency;
using Channels.Api.Requests;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Channels.Api.Docs;

/// <summary>Adds to the generated OpenAPI document what code alone does not say: keys, paging, idempotency, and the one form of problems.</summary>
internal static class ApiDescription
{
    public const string DocumentName = "v1";
    private const string Bearer = "bearer";

    public static IServiceCollection AddApiDescription(this IServiceCollection services) => services.AddOpenApi(DocumentName, options =>
    {
        options.AddDocumentTransformer(DescribeAsync);
        options.AddOperationTransformer(DescribeAsync);
        options.AddSchemaTransformer(DescribeAsync);
    });

    private static Task DescribeAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Channels",
            Version = typeof(ApiDescription).Assembly.GetName().Version?.ToString(3) ?? "0",
            Description = "Connects tenants to the places where their customers write. Problems are RFC 9457 problem details; their codes are a closed list.",
        };
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "A tenant's API key; or the operator key, with X-Tenant-Id where a tenant is needed.",
            },
        };
        return Task.CompletedTask;
    }

    private static Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        operation.Parameters ??= [];
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<AccessRule>().FirstOrDefault() is { } rule)
        {
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] }];
            if (rule.Access != Access.Access.Operator)
            {
                operation.Parameters.Add(Parameter("X-Tenant-Id", ParameterLocation.Header, JsonSchemaType.String, "With the operator key: the tenant acted for."));
            }
        }

        if (metadata.OfType<TakesIdempotencyKey>().Any())
        {
            operation.Parameters.Add(Parameter("Idempotency-Key", ParameterLocation.Header, JsonSchemaType.String, "The same key and request get the same answer and act once."));
        }

        if (Takes<ChannelQuery>(metadata))
        {
            operation.Parameters.Add(Parameter(ChannelQuery.Name, ParameterLocation.Query, JsonSchemaType.String, "The one channel that is asked about, by its id.", "uuid"));
        }

        if (Takes<PageRequest>(metadata))
        {
            operation.Parameters.Add(Parameter("page", ParameterLocation.Query, JsonSchemaType.Integer, "From 1."));
        }

        if (MostRows(metadata) is { } most)
        {
            operation.Parameters.Add(Parameter("limit", ParameterLocation.Query, JsonSchemaType.Integer, string.Create(
                CultureInfo.InvariantCulture, $"Rows per page; default {PageRequest.Usual}. More than {most} is taken as {most}.")));
        }

        // Taken, but not advertised.
        operation.RequestBody?.Content?.Remove(AnyContentType.Any);
        RawDescription.Describe(operation, context);
        operation.Responses ??= [];
        operation.Responses.TryAdd("default", new OpenApiResponse
        {
            Description = "Problem details with a code: " + string.Join(", ", ErrorCatalogue.All.Select(error => error.Code)),
            Content = new Dictionary<string, OpenApiMediaType> { [Problem.ContentType] = new() },
        });
        return Task.CompletedTask;
    }

    // The generator takes a member of a record that has no default for one that is always there.
    private static Task DescribeAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        foreach (var member in context.JsonTypeInfo.Properties.Where(IsLeftOutWhenNull))
        {
            schema.Required?.Remove(member.Name);
        }

        RequestSchemas.Describe(schema, context.JsonTypeInfo.Type);
        return Task.CompletedTask;
    }

    private static bool IsLeftOutWhenNull(JsonPropertyInfo member) =>
        member.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: true) is [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.WhenWritingNull }];

    private static bool Takes<T>(IList<object> metadata) => metadata.OfType<MethodInfo>().Any(method => method.GetParameters().Any(parameter => parameter.ParameterType == typeof(T)));

    private static int? MostRows(IList<object> metadata) => metadata.OfType<MethodInfo>().SelectMany(method => method.GetParameters())
        .Where(parameter => parameter.ParameterType == typeof(PageRequest) || parameter.ParameterType == typeof(LimitRequest))
        .Select(parameter => (int?)(parameter.GetCustomAttribute<MostAttribute>()?.Rows ?? PageRequest.Most)).FirstOrDefault();

    private static OpenApiParameter Parameter(string name, ParameterLocation location, JsonSchemaType type, string description, string? format = null) => new()
    {
        Name = name,
        In = location,
        Required = false,
        Description = description,
        Schema = new OpenApiSchema { Type = type, Format = format },
    };
}
