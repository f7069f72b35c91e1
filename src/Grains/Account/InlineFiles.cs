using System.Buffers;
using System.Collections.Immutable;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Media;

namespace Channels.Grains.Account;

/// <summary>Moves files that came inside a webhook into the media store, before the webhook is forgotten.</summary>
internal sealed class InlineFiles(IMediaStore media)
{
    /// <summary>The same event with the file's reference in the place of its bytes. What is not base64 is left out and said so.</summary>
    public async Task<ChannelEvent> KeepAsync(TenantId tenant, ChannelEvent happened, CancellationToken cancellationToken)
    {
        if (happened.Media is not { InlineData: { } data } file)
        {
            return happened;
        }

        var kept = file with { InlineData = null, InlineBase64 = null };
        if (Decode(data) is not { } content)
        {
            return happened with { Media = kept, Reason = "the file in the webhook is not base64" };
        }

        var reference = await media.SaveAsync(tenant, content, cancellationToken);
        return happened with { Media = kept with { Bytes = content.Length, MessageKey = null }, Details = happened.Details.SetItem("media_id", reference) };
    }

    /// <summary>As <see cref="KeepAsync(TenantId, ChannelEvent, CancellationToken)"/>, for all events of a webhook.</summary>
    public async Task<ImmutableArray<ChannelEvent>> KeepAsync(TenantId tenant, ImmutableArray<ChannelEvent> events, CancellationToken cancellationToken)
    {
        for (var i = 0; i < events.Length; i++)
        {
            if (events[i].Media?.InlineData is not null)
            {
                events = events.SetItem(i, await KeepAsync(tenant, events[i], cancellationToken));
            }
        }

        return events;
    }

    private static ReadOnlyMemory<byte>? Decode(string data)
    {
        var text = data.StartsWith("data:", StringComparison.Ordinal) ? data[(data.IndexOf(',', StringComparison.Ordinal) + 1)..] : data;
        var content = new byte[(text.Length / 4 * 3) + 3];
        return Convert.TryFromBase64String(text, content, out var length) ? content.AsMemory(0, length) : null;
    }
}
