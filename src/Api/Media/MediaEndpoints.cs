using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Core.Media;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Media;

/// <summary>Files that came inside webhooks, by the <c>media_id</c> of their message.</summary>
internal static class MediaEndpoints
{
    // What a contact sent is never shown as a page of ours: always a download, whatever it claims to be.
    private const string Anything = "application/octet-stream";

    public static void MapMedia(this IEndpointRouteBuilder app) =>
        app.MapApiGroup("/api/v1/media", "Media", Access.Access.Tenant)
            .MapGet("/{reference}", DownloadAsync).WithName("DownloadMedia").WithSummary("A file of a message, as it came");

    private static async Task<Results<FileStreamHttpResult, Problem>> DownloadAsync(
        string reference, Caller caller, IMediaStore media, CancellationToken cancellationToken) =>
        await media.OpenAsync(caller.Tenant, reference, cancellationToken) is { } file
            ? TypedResults.File(file, Anything, reference)
            : Problem.NotFound;
}
