using Channels.Api.Errors;
using Channels.Core.Ids;
using Channels.Storage.Database;
using Channels.Storage.Tenants;
using Microsoft.AspNetCore.Http;

namespace Channels.Api.Access;

/// <summary>Lets a request in by its bearer key: who it is, and which tenant it may act for.</summary>
internal sealed class AccessMiddleware(RequestDelegate next, ApiKeys keys, OperatorKey operatorKey, TenantStore tenants, ConnectionShares shares)
{
    private const string Scheme = "Bearer ";
    private const string TenantHeader = "X-Tenant-Id";

    public Task InvokeAsync(HttpContext http) =>
        http.GetEndpoint()?.Metadata.GetMetadata<AccessRule>() is { } rule ? AdmitAsync(http, rule.Access) : next(http);

    private async Task AdmitAsync(HttpContext http, Access access)
    {
        if (await IdentifyAsync(http) is not { } identified)
        {
            await new Problem(ErrorCatalogue.Unauthenticated).ExecuteAsync(http);
            return;
        }

        var refusal = identified.IsOperator ? await CheckOperatorAsync(http, access) : CheckTenant(http, access, identified);
        if (refusal is not null)
        {
            await refusal.ExecuteAsync(http);
            return;
        }

        if (http.Features.Get<Caller>() is null)
        {
            http.Features.Set(identified);
        }

        shares.Begin();
        await next(http);
    }

    private async ValueTask<Caller?> IdentifyAsync(HttpContext http)
    {
        var authorization = http.Request.Headers.Authorization.ToString();
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var key = authorization[Scheme.Length..].Trim();
        if (operatorKey.Matches(key))
        {
            return new(IsOperator: true, null);
        }

        return await keys.FindAsync(key, http.RequestAborted) is { } owner ? new(IsOperator: false, owner.Tenant) : null;
    }

    // The operator may act for any tenant, but says for which: nothing is done for a tenant by accident.
    private async ValueTask<Problem?> CheckOperatorAsync(HttpContext http, Access access)
    {
        if (access == Access.Operator)
        {
            return null;
        }

        var header = http.Request.Headers[TenantHeader].ToString();
        if (header.Length == 0)
        {
            return access == Access.Tenant ? new(ErrorCatalogue.TenantRequired) : null;
        }

        if (!Guid.TryParse(header, out var id))
        {
            return Problem.Field(ErrorCatalogue.InvalidParameter, TenantHeader, "must be the id of a tenant (a UUID).");
        }

        if (await tenants.FindAsync(new TenantId(id), http.RequestAborted) is null)
        {
            return Problem.NotFound;
        }

        http.Features.Set(new Caller(IsOperator: true, new TenantId(id)));
        return null;
    }

    private static Problem? CheckTenant(HttpContext http, Access access, Caller identified)
    {
        var header = http.Request.Headers[TenantHeader].ToString();
        var isOwn = header.Length == 0 || (Guid.TryParse(header, out var id) && id == identified.Tenant.Value);
        return access != Access.Operator && isOwn ? null : new(ErrorCatalogue.Forbidden);
    }
}

/// <summary>An endpoint's <see cref="Access"/>, as its metadata.</summary>
internal sealed record AccessRule(Access Access);
