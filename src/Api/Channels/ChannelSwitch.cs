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

    /// <summary>Carried out whole once it is begun, whoever hangs up.</summary>
    public async Task OffAsync(TenantId tenant, ChannelDetails channel)
    {
        await StopPairingAsync(tenant, channel);
        await grains.GetGrain<IConnectorGrain>(channel.Connector.Value).DisableAsync(tenant, channel.Account, CancellationToken.None);
        directory.Forget(channel.Account);
    }

    /// <summary>Before a channel is off or gone: what still waits for its gateway's answer must not bring it back. The pairing at the gateway stays.</summary>
    public Task StopPairingAsync(TenantId tenant, ChannelDetails channel) =>
        IsPaired(channel.Kind) ? grains.GetGrain<IWhatsAppSessionGrain>(channel.Account.Value).StopAsync(tenant) : Task.CompletedTask;

    /// <summary>After a channel is gone: its provider is asked no more, and a question under way is given up. Never before: nobody would ask any more for a channel that stayed.</summary>
    public Task StopAskingAsync(TenantId tenant, ChannelDetails channel) =>
        IsAsked(channel.Kind) ? grains.GetGrain<IIntakeGrain>(channel.Account.Value).StopAsync(tenant) : Task.CompletedTask;

    /// <summary>Its settings changed: who is paired, and whether anybody is, is asked anew.</summary>
    public Task CheckAsync(TenantId tenant, ChannelDetails channel) =>
        IsPaired(channel.Kind) ? grains.GetGrain<IWhatsAppSessionGrain>(channel.Account.Value).CheckAsync(tenant) : Task.CompletedTask;

    // Whether the provider of this kind is asked for messages, whether it still posts them, or how the account stands.
    private bool IsAsked(string kind) => connectors.Find(kind) is IPollingConnector or IWebhookWatch or IHealthWatch;
}
