using System.Text.Json.Serialization;
using Channels.Api.Idempotency;
using Channels.Core.Ids;
using Channels.Storage.Tenants;

namespace Channels.Api.Tenants;

/// <summary>A tenant to be made.</summary>
internal sealed record CreateTenant
{
    /// <summary>As the operator calls it.</summary>
    public required string Name { get; init; }
}

/// <summary>Why a tenant is stopped.</summary>
internal sealed record SuspendTenant
{
    /// <summary>For the operator's own records.</summary>
    public string? Reason { get; init; }
}

/// <summary>A tenant. <c>api_key</c> is there only in the answer that made it.</summary>
internal sealed record TenantAnswer(
    Guid Id, string Name, Guid? DefaultOrgUnitId, bool Suspended, DateTimeOffset? SuspendedAt, string? SuspendedReason, DateTimeOffset CreatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ApiKey = null) : IAboutTenant
{
    TenantId IAboutTenant.Tenant => new(Id);

    public static TenantAnswer Of(TenantRow tenant, string? apiKey = null) => new(
        tenant.Id.Value, tenant.Name, tenant.DefaultOrgUnit, tenant.SuspendedAt is not null, tenant.SuspendedAt, tenant.SuspendedReason, tenant.CreatedAt, apiKey);
}

/// <summary>A page of tenants.</summary>
internal sealed record TenantList(IReadOnlyList<TenantAnswer> Tenants, long Total, int Page, int Limit);
