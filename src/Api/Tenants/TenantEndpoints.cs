using Channels.Api.Errors;
using Channels.Api.Idempotency;
using Channels.Api.Requests;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using Channels.Storage.Tenants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Orleans;

namespace Channels.Api.Tenants;

/// <summary>The operator's tenants.</summary>
internal static class TenantEndpoints
{
    public static void MapTenants(this IEndpointRouteBuilder app)
    {
        var tenants = app.MapApiGroup("/api/v1/tenants", "Tenants", Access.Access.Operator);
        tenants.MapPost("/", CreateAsync).Repeatable().WithName("CreateTenant").WithSummary("Makes a tenant with its default org unit and its first API key, shown this once");
        tenants.MapGet("/", ListAsync).WithName("ListTenants").WithSummary("Tenants, newest first");
        tenants.MapGet("/{id:guid}", FindAsync).WithName("GetTenant").WithSummary("One tenant");
        tenants.MapPost("/{id:guid}/suspend", SuspendAsync).Repeatable().WithName("SuspendTenant").WithSummary("Stops a tenant: webhooks are kept, nothing is answered or sent");
        tenants.MapPost("/{id:guid}/resume", ResumeAsync).Repeatable().WithName("ResumeTenant").WithSummary("Lets a stopped tenant go on with what was kept");
    }

    private static async Task<Results<Created<TenantAnswer>, Problem>> CreateAsync(
        JsonBody<CreateTenant> body, TenantStore tenants, CancellationToken cancellationToken)
    {
        var name = body.Value.Name.Trim();
        if (Names.Complaint("name", name) is { } complaint)
        {
            return new Problem(ErrorCatalogue.InvalidFields, null, [complaint]);
        }

        var made = await tenants.CreateAsync(name, cancellationToken);
        return TypedResults.Created($"/api/v1/tenants/{made.Tenant.Id}", TenantAnswer.Of(made.Tenant, made.Key.Key));
    }

    private static async Task<Ok<TenantList>> ListAsync(PageRequest page, string? search, TenantStore tenants, CancellationToken cancellationToken)
    {
        var found = await tenants.ListAsync(search, page.Page, cancellationToken);
        return TypedResults.Ok(new TenantList([.. found.Items.Select(tenant => TenantAnswer.Of(tenant))], found.Total, page.Page.Number, page.Page.Limit));
    }

    private static async Task<Results<Ok<TenantAnswer>, Problem>> FindAsync(Guid id, TenantStore tenants, CancellationToken cancellationToken) =>
        await tenants.FindAsync(new TenantId(id), cancellationToken) is { } tenant ? TypedResults.Ok(TenantAnswer.Of(tenant)) : Problem.NotFound;

    private static Task<Results<Ok<TenantAnswer>, Problem>> SuspendAsync(
        Guid id, JsonBody<SuspendTenant> body, TenantStore tenants, IGrainFactory grains, CancellationToken cancellationToken) =>
        SetAsync(new TenantId(id), suspended: true, body.Value.Reason, tenants, grains, cancellationToken);

    private static Task<Results<Ok<TenantAnswer>, Problem>> ResumeAsync(Guid id, TenantStore tenants, IGrainFactory grains, CancellationToken cancellationToken) =>
        SetAsync(new TenantId(id), suspended: false, null, tenants, grains, cancellationToken);

    private static async Task<Results<Ok<TenantAnswer>, Problem>> SetAsync(
        TenantId tenant, bool suspended, string? reason, TenantStore tenants, IGrainFactory grains, CancellationToken cancellationToken)
    {
        if (await tenants.FindAsync(tenant, cancellationToken) is null)
        {
            return Problem.NotFound;
        }

        await grains.GetGrain<ITenantGrain>(tenant.Value).SetSuspendedAsync(suspended, reason, cancellationToken);
        return TypedResults.Ok(TenantAnswer.Of((await tenants.FindAsync(tenant, cancellationToken))!));
    }
}
