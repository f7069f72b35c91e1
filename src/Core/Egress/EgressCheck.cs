using System.Net;
using System.Net.Sockets;

namespace Channels.Core.Egress;

/// <summary>Looks where an address leads that somebody else fetches for a tenant: a gateway inside our network must not read there what the tenant may not.</summary>
/// <remarks>
/// No more than a look: a name may mean something else to whoever fetches, and a moment later. What we call ourselves is checked where it is connected to, see <see cref="GuardedConnector"/>.
/// </remarks>
public sealed class EgressCheck(EgressRules rules, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
{
    /// <summary>Somebody waits for the answer to a request.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Whether an address leads where connections are not allowed: by its number, or by what its name resolves to. One forbidden number is enough, because nobody knows which is
    /// taken. False for a name that does not resolve here, or not in two seconds.
    /// </summary>
    public async Task<bool> IsForbiddenAsync(Uri address, CancellationToken cancellationToken)
    {
        // A name may end with a dot, and so may a number that is to pass for one. Which of our interfaces a number is meant for does not matter.
        var host = address.IdnHost.TrimEnd('.').Split('%')[0];
        if (IPAddress.TryParse(host, out var literal))
        {
            return !rules.MayConnect(literal);
        }

        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(Patience);
            return Array.Exists(await resolve(host, limit.Token).WaitAsync(limit.Token), number => !rules.MayConnect(number));
        }
        catch (Exception failure) when (failure is SocketException or ArgumentException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}
