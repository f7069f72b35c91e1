using Channels.Core.Ids;
using Microsoft.AspNetCore.Http;

namespace Channels.Api.Access;

/// <summary>Who asks, and for which tenant. Handlers take it as a parameter; it is there only after <see cref="AccessMiddleware"/> let the request in.</summary>
/// <param name="IsOperator">Whether the operator key was presented.</param>
/// <param name="ActsFor">The tenant; null only for the operator who named none, on endpoints that need none.</param>
internal sealed record Caller(bool IsOperator, TenantId? ActsFor)
{
    /// <summary>The tenant acted for.</summary>
    public TenantId Tenant => ActsFor ?? throw new InvalidOperationException("This endpoint does not ask for a tenant.");

    public static ValueTask<Caller?> BindAsync(HttpContext http) => new(http.Features.Get<Caller>());
}

/// <summary>What an endpoint asks of who calls it. Endpoints without it are open.</summary>
internal enum Access
{
    /// <summary>A tenant's key, or the operator's with <c>X-Tenant-Id</c>.</summary>
    Tenant,

    /// <summary>The operator's key.</summary>
    Operator,

    /// <summary>Any valid key; the operator's acts for a tenant when <c>X-Tenant-Id</c> says so.</summary>
    Anybody,
}
