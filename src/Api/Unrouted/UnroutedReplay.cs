using Channels.Api.Ingress;
using Channels.Core;
using Channels.Core.Connectors;
using Channels.Storage.Channels;
using Channels.Storage.Unrouted;

namespace Channels.Api.Unrouted;

/// <summary>Tries again what belonged to no channel: each shows its own proof, so a channel counts by the same rule as at the door.</summary>
internal sealed class UnroutedReplay(UnroutedWebhooks unrouted, SharedWebhooks shared, ChannelNames names, IConnectorCatalog connectors, TimeProvider clock)
{
    private const int Most = 500;

    /// <summary>What is nobody's still is passed over, so that it does not stand before what has an owner by now.</summary>
    private const int MostKept = 10_000;
    private const int AtOnce = 50;

    /// <summary>Oldest first, a bounded number; safe to repeat, and to run twice at once.</summary>
    public async Task<UnroutedReplayAnswer> RunAsync(string? kind, string? name, CancellationToken cancellationToken)
    {
        // Whoever asks has most likely just made the channel, and the news of it may still be on its way.
        names.ForgetAll();
        var (replayed, kept) = (0, 0);
        UnroutedRow? last = null;
        while (replayed < Most && kept < MostKept)
        {
            var rows = await unrouted.ReadAsync(kind, name, last, AtOnce, cancellationToken);
            foreach (var row in rows)
            {
                (replayed, kept) = await RouteAsync(row, cancellationToken) ? (replayed + 1, kept) : (replayed, kept + 1);
                last = row;
            }

            if (rows.Length < AtOnce)
            {
                return new(replayed, kept, More: false);
            }
        }

        return new(replayed, kept, More: true);
    }

    private async Task<bool> RouteAsync(UnroutedRow row, CancellationToken cancellationToken)
    {
        if (connectors.Find(row.Webhook.Kind) is not ISharedWebhookConnector connector)
        {
            return false;
        }

        var parts = connector.PartsOf(row.Webhook.Body);
        if (parts is not [var part])
        {
            return false;
        }

        try
        {
            var routing = await shared.RouteAsync(connector, connector.WithProof(row.Webhook.Body, row.Webhook.Proof), [part], at: null, clock.GetUtcNow());
            if (routing?.Routes[0] is { Owners: { IsEmpty: false } owners })
            {
                return await unrouted.RouteAsync(row, [.. owners.Select(owner => (owner.Tenant, owner.Account))], cancellationToken);
            }

            if (routing?.Routes[0].Reason is { } reason && reason != row.Webhook.Reason)
            {
                await unrouted.KeepAsync(row, reason, cancellationToken);
            }

            return false;
        }
        catch (StoreUnavailableException) when (!cancellationToken.IsCancellationRequested)
        {
            // The channel that has it cannot be read now: it stays for the next time.
            return false;
        }
    }
}
