using Channels.Core;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Storage.Channels;

namespace Channels.Api.Ingress;

/// <summary>Finds whose a webhook is that only names its account: the one channel, of any tenant, whose name it bears and whose secret it shows.</summary>
/// <remarks>
/// The name is anybody's to write, so it never decides: every channel of that name is tried, and all of them even after one has fitted, so that the time
/// it takes does not tell which. The operator's secret counts only where a single channel has the name, since it could not say which of several is meant.
/// </remarks>
internal sealed class GlobalWebhooks(ChannelNames names, IChannelDirectory channels, GlobalWebhookSecret secret)
{
    /// <summary>Looks for the owner.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot say, about all channels or about one that might be the owner.</exception>
    public async ValueTask<GlobalWebhookOwner> FindAsync(IGlobalWebhookConnector connector, string name, WebhookRequest request, DateTimeOffset now)
    {
        var kind = connector.Manifest.Id;
        ChannelEntry? first = null, proven = null, former = null;
        StoreUnavailableException? unknown = null;
        var (named, fitting, formerly, isOperators) = (0, 0, 0, false);
        foreach (var account in await names.FindAsync(new(kind, connector.NameSetting, name), CancellationToken.None))
        {
            try
            {
                // The directory is told of changes at once; who was renamed or deleted a moment ago does not count any more.
                if (await channels.FindAsync(account, CancellationToken.None) is not { } channel || channel.Kind != kind || channel.Connection.Setting(connector.NameSetting) != name)
                {
                    continue;
                }

                named++;
                first ??= channel;
                isOperators |= secret.IsShown(connector, request, channel.Connection, now);
                if (connector.IsAuthentic(request, channel.Connection, now))
                {
                    fitting++;
                    proven ??= channel;
                }
                else if (channel.IsProvenBy(connector, request, now))
                {
                    formerly++;
                    former ??= channel;
                }
            }
            catch (StoreUnavailableException failure)
            {
                // One tenant's trouble is no reason to turn another's webhook away, unless it could be his.
                named++;
                unknown = failure;
            }
        }

        // A secret that one of them has now is not another's that had it before.
        (fitting, proven) = fitting > 0 ? (fitting, proven) : (formerly, former);
        return (fitting, isOperators, named) switch
        {
            (1, _, _) => new GlobalWebhookOwner.One(proven!),
            (> 1, _, _) => new GlobalWebhookOwner.Several(proven!, fitting),
            (0, true, 1) => new GlobalWebhookOwner.One(first!),
            (0, true, _) => new GlobalWebhookOwner.Several(first!, named),
            _ => unknown is null ? GlobalWebhookOwner.Nobody.Instance : throw unknown,
        };
    }
}

/// <summary>Whose webhook it is. The family is closed.</summary>
internal abstract record GlobalWebhookOwner
{
    private GlobalWebhookOwner()
    {
    }

    /// <summary>This channel's.</summary>
    public sealed record One(ChannelEntry Channel) : GlobalWebhookOwner;

    /// <summary>One of several that it fits equally well; the oldest of them, and how many.</summary>
    public sealed record Several(ChannelEntry Channel, int Count) : GlobalWebhookOwner;

    /// <summary>Nobody's: no channel has both the name and the secret.</summary>
    public sealed record Nobody : GlobalWebhookOwner
    {
        public static Nobody Instance { get; } = new();
    }
}
