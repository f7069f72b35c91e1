using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Api.Requests;
using Channels.Core.Media;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Media;

/// <summary>Files of messages, by their <c>media_id</c>: those that came, and those to be sent.</summary>
internal static class MediaEndpoints
{
    // What a contact sent is never shown as a page of ours: always a download, whatever it claims to be.
    private const string Anything = "application/octet-stream";

    // Of what the providers take, only WhatsApp's documents may be larger.
    private const int LargestUpload = 32 << 20;

    /// <summary>For a whole file: somebody who sends a byte now and then must not keep a place.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static void MapMedia(this IEndpointRouteBuilder app)
    {
        var media = app.MapApiGroup("/api/v1/media", "Media", Access.Access.Tenant);
        media.MapGet("/{reference}", DownloadAsync).WithName("DownloadMedia").WithSummary("A file of a message, as it came")
            .Produces<Stream>(StatusCodes.Status200OK, Anything);
        media.MapPost("/", UploadAsync).WithName("UploadMedia").WithSummary("Keeps a file to be sent: the body is the file, of at most 32 MB. The same file twice has the same media_id")
            .Accepts<Stream>(Anything, AnyContentType.Any);
    }

    private static async Task<Results<Created<MediaAnswer>, Problem>> UploadAsync(
        HttpContext http, Caller caller, UploadPlaces places, IMediaStore media, TimeProvider clock, CancellationToken cancellationToken)
    {
        var (taken, full) = places.TryEnter(caller.Tenant);
        using var place = taken;
        if (place is null)
        {
            return full!;
        }

        if (await BoundedBody.ReadAsync(http, LargestUpload, Patience, clock) is not { } content)
        {
            return new Problem(ErrorCatalogue.TooLarge);
        }

        if (content.Length == 0)
        {
            return Problem.Field(ErrorCatalogue.InvalidFields, "(body)", "is empty; send the file as the request's body.");
        }

        var reference = await media.SaveAsync(caller.Tenant, content, cancellationToken);
        return TypedResults.Created($"/api/v1/media/{reference}", new MediaAnswer(reference, content.Length));
    }

    private static async Task<Results<FileStreamHttpResult, Problem>> DownloadAsync(
        string reference, HttpContext http, Caller caller, IMediaStore media, CancellationToken cancellationToken)
    {
        if (await media.OpenAsync(caller.Tenant, reference, cancellationToken) is not { } file)
        {
            return Problem.NotFound;
        }

        http.Response.Headers.XContentTypeOptions = "nosniff";
        return TypedResults.File(file, Anything, reference);
    }
}

/// <summary>A file that is kept.</summary>
/// <param name="MediaId">What messages name it by.</param>
/// <param name="Size">Bytes.</param>
internal sealed record MediaAnswer(string MediaId, long Size);
