using Channels.Core.Connectors;
using Channels.Core.Fairness;
using Channels.Core.Ids;
using Channels.Core.Media;
using Channels.Core.Outbox;

namespace Channels.Grains.Delivery;

/// <summary>Makes of a queued message what a connector sends: with a way to its file, where it has one in the media store, and a place for that.</summary>
/// <remarks>
/// Connectors may hold a stored file in memory, and a body made of it, until their provider has answered: up to 32 MB and 43 MB. So many are under way in one process at once,
/// whatever their kinds and however many accounts send: by tenant in turn, and no tenant takes more places than it leaves free, because a gateway that hangs keeps its place for a while.
/// </remarks>
internal sealed class OutboundFiles(IMediaStore media)
{
    /// <summary>As many as may be fetched, or uploaded, at once.</summary>
    public const int Places = 8;

    private readonly FairGate _places = new(Places) { LeavesRoom = true };

    /// <summary>Whether a message is sent only with a place.</summary>
    public static bool NeedsPlace(QueuedReply reply) => reply.Content is OutboundContent.File { Reference: not null };

    /// <summary>Waits for a place; dispose of it once the provider has answered.</summary>
    public ValueTask<FairGate.Place> EnterAsync(TenantId tenant, CancellationToken cancellationToken) => _places.EnterAsync(tenant, cancellationToken);

    public OutboundMessage MessageOf(TenantId tenant, QueuedReply reply) => new(reply.Id, reply.ChatId, reply.Text, reply.ReplyTo)
    {
        Content = reply.Content,
        OpenFileAsync = reply.Content is OutboundContent.File { Reference: { } reference }
            ? cancellationToken => media.OpenAsync(tenant, reference, cancellationToken)
            : null,
    };
}
