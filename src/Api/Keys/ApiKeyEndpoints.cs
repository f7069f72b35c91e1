using System.Text.Json.Serialization;
using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Api.Idempotency;
using Channels.Api.Requests;
using Channels.Storage.Tenants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Keys;

/// <summary>A tenant's own API keys.</summary>
internal static class ApiKeyEndpoints
{
    public static void MapApiKeys(this IEndpointRouteBuilder app)
    {
        var keys = app.MapApiGroup("/api/v1/api-keys", "API keys", Access.Access.Tenant);
        keys.MapPost("/", CreateAsync).Repeatable().WithName("CreateApiKey").WithSummary("Makes a key, shown this once");
        keys.MapGet("/", ListAsync).WithName("ListApiKeys").WithSummary("The tenant's keys, without the keys themselves");
        keys.MapDelete("/{id:guid}", RevokeAsync).WithName("RevokeApiKey").WithSummary("Ends a key; within half a minute it works nowhere");
    }

    private static async Task<Results<Created<ApiKeyAnswer>, Problem>> CreateAsync(
        JsonBody<CreateApiKey> body, Caller caller, ApiKeys keys, CancellationToken cancellationToken)
    {
        var name = body.Value.Name.Trim();
        if (Names.Complaint("name", name) is { } complaint)
        {
            return new Problem(ErrorCatalogue.InvalidFields, null, [complaint]);
        }

        var made = await keys.CreateAsync(caller.Tenant, name, cancellationToken);
        return TypedResults.Created($"/api/v1/api-keys/{made.Id}", new ApiKeyAnswer(made.Id, made.Name, made.CreatedAt, null, made.Key));
    }

    private static async Task<Ok<ApiKeyList>> ListAsync(Caller caller, ApiKeys keys, CancellationToken cancellationToken)
    {
        var all = await keys.ListAsync(caller.Tenant, cancellationToken);
        return TypedResults.Ok(new ApiKeyList([.. all.Select(key => new ApiKeyAnswer(key.Id, key.Name, key.CreatedAt, key.RevokedAt))]));
    }

    private static async Task<Results<NoContent, Problem>> RevokeAsync(
        Guid id, Caller caller, ApiKeys keys, CancellationToken cancellationToken) =>
        await keys.RevokeAsync(caller.Tenant, id, cancellationToken) ? TypedResults.NoContent() : Problem.NotFound;
}

/// <summary>A key to be made.</summary>
internal sealed record CreateApiKey
{
    /// <summary>What it is for.</summary>
    public required string Name { get; init; }
}

/// <summary>A key. <c>api_key</c> is there only in the answer that made it.</summary>
internal sealed record ApiKeyAnswer(
    Guid Id, string Name, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ApiKey = null);

/// <summary>A tenant's keys.</summary>
internal sealed record ApiKeyList(IReadOnlyList<ApiKeyAnswer> ApiKeys);
