using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Channels.Api.Requests;

/// <summary>Reads a request's whole body into one exact buffer, and not a byte more than allowed.</summary>
internal static class BoundedBody
{
    /// <summary>The bytes, or null when there are more than <paramref name="limit"/>, announced or not.</summary>
    /// <exception cref="BadHttpRequestException">The client broke off, or was too slow.</exception>
    public static ValueTask<byte[]?> ReadAsync(HttpContext http, int limit)
    {
        var announced = http.Request.ContentLength;
        if (announced > limit)
        {
            return new((byte[]?)null);
        }

        // Our own limit is the one that counts; the server's would end the request without our answer.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } server && server.MaxRequestBodySize < limit + 1L)
        {
            server.MaxRequestBodySize = null;
        }

        return ReadAsync(http.Request.BodyReader, announced, limit);
    }

    private static async ValueTask<byte[]?> ReadAsync(PipeReader reader, long? announced, int limit)
    {
        while (true)
        {
            // A small body is usually here with its headers: then nothing is awaited.
            var read = await reader.ReadAsync();
            var buffer = read.Buffer;
            if (buffer.Length > limit)
            {
                reader.AdvanceTo(buffer.End);
                return null;
            }

            if (read.IsCompleted || buffer.Length == announced)
            {
                var body = GC.AllocateUninitializedArray<byte>((int)buffer.Length);
                buffer.CopyTo(body);
                reader.AdvanceTo(buffer.End);
                return body;
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }
}
