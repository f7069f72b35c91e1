using Channels.Api.Channels;
using Channels.Api.Errors;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Storage.Channels;
using Channels.Storage.Paging;

namespace Channels.Api.Kinds;

/// <summary>Switches channel kinds on and off for a tenant.</summary>
internal sealed class KindSwitching(IConnectorCatalog connectors, KindSwitches switches, ChannelStore channels, ChannelSwitch activation)
{
    private const int AtOnce = 100;

    /// <summary>The answer for a kind that is none.</summary>
    public Problem Unknown => Problem.Field(
        ErrorCatalogue.InvalidFields, "channel_type", $"is no channel kind; known are: {string.Join(", ", connectors.All.Select(kind => kind.Manifest.Id).Order(StringComparer.Ordinal))}.");

    /// <summary>Null when there is no such kind.</summary>
    public async Task<KindSwitchAnswer?> OnAsync(TenantId tenant, string kind, CancellationToken cancellationToken)
    {
        if (connectors.Find(kind) is null)
        {
            return null;
        }

        await switches.SetAsync(tenant, kind, isOn: true, cancellationToken);
        return await AnswerAsync(tenant, kind, deactivated: 0, cancellationToken);
    }

    /// <summary>Null when there is no such kind.</summary>
    public async Task<KindSwitchAnswer?> OffAsync(TenantId tenant, string kind, bool deactivate, CancellationToken cancellationToken)
    {
        if (connectors.Find(kind) is null)
        {
            return null;
        }

        // First: what is switched off below must not be switched on again meanwhile.
        await switches.SetAsync(tenant, kind, isOn: false, cancellationToken);
        return await AnswerAsync(tenant, kind, deactivate ? await DeactivateAsync(tenant, kind, cancellationToken) : 0, cancellationToken);
    }

    private async Task<int> DeactivateAsync(TenantId tenant, string kind, CancellationToken cancellationToken)
    {
        var done = 0;
        for (var page = 1; ; page++)
        {
            var found = await channels.ListAsync(tenant, new(kind, null, null), new Page(page, AtOnce), cancellationToken);
            foreach (var channel in found.Items.Where(channel => channel.Status is not ("inactive" or "pending")))
            {
                await activation.OffAsync(tenant, channel);
                done++;
            }

            if (page * AtOnce >= found.Total)
            {
                return done;
            }
        }
    }

    private async Task<KindSwitchAnswer> AnswerAsync(TenantId tenant, string kind, int deactivated, CancellationToken cancellationToken)
    {
        var use = (await switches.ReadAsync(tenant, cancellationToken)).GetValueOrDefault(kind);
        return new(kind, use?.OffSince is null, deactivated, use?.Active ?? 0);
    }
}
