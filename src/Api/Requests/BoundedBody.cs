using System.Buffers;
using System.IO.Pipelines;
using Channels.Core.Inbox;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Channels.Api.Requests;

/// <summary>Reads a request's whole body into one exact buffer, and not a byte more than allowed.</summary>
internal static class BoundedBody
{
    /// <summary>The bytes, or null when there are more than <paramref name="limit"/>, announced or not. The client has <paramref name="patience"/> for all of them.</summary>
    /// <exception cref="BadHttpRequestException">The client broke off, or was too slow.</exception>
    public static async ValueTask<byte[]?> ReadAsync(HttpContext http, int limit, TimeSpan patience, TimeProvider clock)
    {
        var reader = http.Request.BodyReader;
        await using var timer = clock.CreateTimer(static waiting => ((PipeReader)waiting!).CancelPendingRead(), reader, patience, Timeout.InfiniteTimeSpan);
        return await ReadAsync(http, limit);
    }

    /// <summary>As the other; slow clients are the server's own rule's, unless a hurry is said.</summary>
    /// <param name="http">The request.</param>
    /// <param name="limit">Most bytes.</param>
    /// <param name="mayHold">Asked, while the body comes, whether there is room for as much as has come; null when there always is.</param>
    /// <param name="hurry">How long the client may take for what was not here with the headers, and by which clock; null for the server's own rule.</param>
    /// <exception cref="InboxFullException">There was no more room.</exception>
    /// <exception cref="BadHttpRequestException">The client broke off, or was too slow.</exception>
    public static ValueTask<byte[]?> ReadAsync(HttpContext http, int limit, Func<long, bool>? mayHold = null, (TimeSpan Patience, TimeProvider Clock)? hurry = null)
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

        return ReadAsync(http.Request.BodyReader, announced, limit, mayHold, hurry);
    }

    private static async ValueTask<byte[]?> ReadAsync(PipeReader reader, long? announced, int limit, Func<long, bool>? mayHold, (TimeSpan Patience, TimeProvider Clock)? hurry)
    {
        ITimer? timer = null;
        try
        {
            while (true)
            {
                // A small body is usually here with its headers: then nothing is awaited.
                var read = await reader.ReadAsync();
                var buffer = read.Buffer;
                if (read.IsCanceled)
                {
                    reader.AdvanceTo(buffer.End);
                    throw new BadHttpRequestException("The body did not arrive in time.", StatusCodes.Status408RequestTimeout);
                }

                if (buffer.Length > limit)
                {
                    reader.AdvanceTo(buffer.End);
                    return null;
                }

                if (mayHold?.Invoke(buffer.Length) == false)
                {
                    reader.AdvanceTo(buffer.End);
                    throw new InboxFullException();
                }

                if (read.IsCompleted || buffer.Length == announced)
                {
                    var body = GC.AllocateUninitializedArray<byte>((int)buffer.Length);
                    buffer.CopyTo(body);
                    reader.AdvanceTo(buffer.End);
                    return body;
                }

                reader.AdvanceTo(buffer.Start, buffer.End);
                timer ??= hurry?.Clock.CreateTimer(static waiting => ((PipeReader)waiting!).CancelPendingRead(), reader, hurry.Value.Patience, Timeout.InfiniteTimeSpan);
            }
        }
        finally
        {
            timer?.Dispose();
        }
    }
}
