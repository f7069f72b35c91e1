using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using Channels.Storage.Channels;
using Orleans;

namespace Channels.Api.Channels;

/// <summary>Switches channels on and off: a kind that is paired through its session, every other one through its connector.</summary>
internal sealed class ChannelSwitch(IConnectorCatalog connectors, IGrainFactory grains, IChannelDirectory directory)
{
    /// <summary>Whether channels of this kind are paired with a phone.</summary>
    public bool IsPaired(string kind) => connectors.Find(kind) is IPairingConnector;

    public async Task<ActivationResult> OnAsync(TenantId tenant, ChannelDetails channel, CancellationToken cancellationToken)
    {
        var account = channel.Account;
        if (IsPaired(channel.Kind))
        {
            return (await grains.GetGrain<IWhatsAppSessionGrain>(account.Value).StartAsync(tenant, number: null, cancellationToken)).Result;
        }

        var result = await grains.GetGrain<IConnectorGrain>(channel.Connector.Value).ActivateAsync(tenant, account, cancellationToken);
        directory.Forget(account);

        // Replies may have waited for this.
        await grains.GetGrain<IAccountGrain>(account.Value).SettingsChangedAsync();
        return result;
    }

    public async Task OffAsync(TenantId tenant, ChannelDetails channel, CancellationToken cancellationToken)
    {
        await StopAsync(tenant, channel);
        await grains.GetGrain<IConnectorGrain>(channel.Connector.Value).DisableAsync(tenant, channel.Account, cancellationToken);
        directory.Forget(channel.Account);
    }

    /// <summary>Ends what is done by itself for the channel, its pairing or its intake; the pairing, and what stands at the provider, stay.</summary>
    public Task StopAsync(TenantId tenant, ChannelDetails channel) =>
        IsPaired(channel.Kind) ? grains.GetGrain<IWhatsAppSessionGrain>(channel.Account.Value).StopAsync(tenant)
        : IsAsked(channel.Kind) ? grains.GetGrain<IIntakeGrain>(channel.Account.Value).StopAsync(tenant)
        : Task.CompletedTask;

    /// <summary>Its settings changed: who is paired, and whether anybody is, is asked anew.</summary>
    public Task CheckAsync(TenantId tenant, ChannelDetails channel) =>
        IsPaired(channel.Kind) ? grains.GetGrain<IWhatsAppSessionGrain>(channel.Account.Value).CheckAsync(tenant) : Task.CompletedTask;

    // Whether the provider of this kind is asked for messages, whether it still posts them, or how the account stands.
    private bool IsAsked(string kind) => connectors.Find(kind) is IPollingConnector or IWebhookWatch or IHealthWatch;
}
