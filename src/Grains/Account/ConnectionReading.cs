using Channels.Core.Channels;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;

namespace Channels.Grains.Account;

/// <summary>Reads an account's next status out of what its provider says about the connection, for kinds that are not paired (those have a session). Pure.</summary>
internal static class ConnectionReading
{
    /// <summary>The status to change to; null where the event changes nothing. An account its owner switched off stays off.</summary>
    public static AccountStatusChange? Next(TenantId tenant, AccountStatus current, ChannelEvent happened)
    {
        if (current == AccountStatus.Inactive)
        {
            return null;
        }

        return happened.Kind switch
        {
            EventKinds.ConnectionOpen => new(tenant, AccountStatus.Active, null, null, null),
            EventKinds.ConnectionConnecting => new(
                tenant, AccountStatus.Connecting, "reconnecting", "The gateway is connecting to the provider.", "Wait; if it lasts, pair the account again."),
            EventKinds.ConnectionClosed or EventKinds.ConnectionStopped => new(
                tenant, AccountStatus.Disconnected, happened.NeedsPairing == true ? "logged-out" : "closed", Reason("The provider closed the connection", happened),
                happened.NeedsPairing == true ? "Pair the account again." : "Activate the channel again."),
            EventKinds.AccountRemoved => new(
                tenant, AccountStatus.Disconnected, "removed", "The account was removed at the gateway.", "Activate the channel to create it anew."),
            EventKinds.AccountError or EventKinds.ConnectionActionRequired => new(
                tenant, AccountStatus.Error, "action-required", Reason("The provider reports a problem with the account", happened), "Look at the account at the provider."),
            _ => null,
        };
    }

    private static string Reason(string what, ChannelEvent happened) => (happened.Reason, happened.ReasonCode) switch
    {
        (null, null) => $"{what}.",
        (null, { } code) => $"{what} (code {code}).",
        ({ } reason, null) => $"{what}: {reason}.",
        ({ } reason, { } code) => $"{what}: {reason} (code {code}).",
    };
}
