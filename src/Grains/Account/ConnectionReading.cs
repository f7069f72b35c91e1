using Channels.Core.Channels;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;

namespace Channels.Grains.Account;

/// <summary>Reads an account's next status out of what its provider says about the connection, for kinds that are not paired (those have a session). Pure.</summary>
internal static class ConnectionReading
{
    private const string Reconnecting = "reconnecting";
    private const string LoggedOut = "logged-out";
    private const string Closed = "closed";
    private const string Removed = "removed";
    private const string ActionRequired = "action-required";

    /// <summary>The status to change to; null where the event changes nothing. An account its owner switched off stays off.</summary>
    /// <param name="tenant">The owner.</param>
    /// <param name="current">How the account stands.</param>
    /// <param name="code">The word for what is wrong with it; null when nothing is.</param>
    /// <param name="happened">What the provider says.</param>
    public static AccountStatusChange? Next(TenantId tenant, AccountStatus current, string? code, ChannelEvent happened)
    {
        if (current == AccountStatus.Inactive)
        {
            return null;
        }

        return happened.Kind switch
        {
            // What an activation waits for, or the end of what was said here; of nothing else: a token that ended, or settings never tried, are not mended by it.
            EventKinds.ConnectionOpen => current == AccountStatus.Connecting || code is LoggedOut or Closed or Removed or ActionRequired ? new(tenant, AccountStatus.Active, null, null, null) : null,
            EventKinds.ConnectionConnecting => new(
                tenant, AccountStatus.Connecting, Reconnecting, "The gateway is connecting to the provider.", "Wait; if it lasts, pair the account again."),
            EventKinds.ConnectionClosed or EventKinds.ConnectionStopped => new(
                tenant, AccountStatus.Disconnected, happened.NeedsPairing == true ? LoggedOut : Closed, Reason("The provider closed the connection", happened),
                happened.NeedsPairing == true ? "Pair the account again." : "Activate the channel again."),
            EventKinds.AccountRemoved => new(
                tenant, AccountStatus.Disconnected, Removed, Reason("The provider removed the account, or took it from this app", happened),
                "Give this app the account again at the provider, then activate the channel."),
            EventKinds.AccountError or EventKinds.ConnectionActionRequired => new(
                tenant, AccountStatus.Error, ActionRequired, Reason("The provider reports a problem with the account", happened), "Look at the account at the provider."),
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
