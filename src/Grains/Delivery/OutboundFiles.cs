using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Media;
using Channels.Core.Outbox;

namespace Channels.Grains.Delivery;

/// <summary>Makes of a queued message what a connector sends: with a way to its file, where it has one in the media store.</summary>
internal sealed class OutboundFiles(IMediaStore media)
{
    public OutboundMessage MessageOf(TenantId tenant, QueuedReply reply) => new(reply.Id, reply.ChatId, reply.Text, reply.ReplyTo)
    {
        Content = reply.Content,
        OpenFileAsync = reply.Content is OutboundContent.File { Reference: { } reference }
            ? cancellationToken => media.OpenAsync(tenant, reference, cancellationToken)
            : null,
    };
}
