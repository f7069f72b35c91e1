using System.Net;

namespace Channels.Connectors.Http;

/// <summary>A request's body that knows whether it was asked for: that is done on a connection that is there, and until then nothing has left that anybody could act upon.</summary>
/// <remarks>The connection itself would say less: what is opened for one request may serve another, and one that is open already is opened for none.</remarks>
internal sealed class WatchedContent : HttpContent
{
    private readonly HttpContent _content;
    private volatile bool _wasAskedFor;

    /// <param name="content">The body; disposed of with this.</param>
    public WatchedContent(HttpContent content)
    {
        _content = content;
        foreach (var (name, values) in content.Headers)
        {
            Headers.TryAddWithoutValidation(name, values);
        }
    }

    /// <summary>Whether some of it may have left.</summary>
    public bool WasAskedFor => _wasAskedFor;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _wasAskedFor = true;
        return _content.CopyToAsync(stream, context, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _content.Headers.ContentLength ?? 0;
        return _content.Headers.ContentLength is not null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _content.Dispose();
        }

        base.Dispose(disposing);
    }
}
