using Channels.Api.Access;
using Channels.Api.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api;

/// <summary>What all endpoint groups share: who may call them, and that unreadable parameters are refused first.</summary>
internal static class ApiGroups
{
    public static RouteGroupBuilder MapApiGroup(this IEndpointRouteBuilder app, string prefix, string tag, Access.Access access)
    {
        var group = app.MapGroup(prefix).WithTags(tag).WithMetadata(new AccessRule(access));
        group.AddEndpointFilter<RefuseUnreadable>();
        return group;
    }
}
