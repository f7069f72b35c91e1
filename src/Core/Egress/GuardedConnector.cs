using System.Net;
using System.Net.Sockets;

namespace Channels.Core.Egress;

/// <summary>Opens the connections of guarded HTTP clients: resolves once, checks every address, connects to what was checked.</summary>
/// <remarks>The check sits here, at connect time, and not at the URL: between a check and a second look-up a name can change its address.</remarks>
internal sealed class GuardedConnector(EgressRules rules, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
{
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var host = context.DnsEndPoint.Host;
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await resolve(host, cancellationToken);
        var allowed = Array.FindAll(addresses, rules.MayConnect);
        if (allowed.Length == 0)
        {
            throw new EgressRefusedException(host);
        }

        Exception? failure = null;
        foreach (var address in allowed)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(address, context.DnsEndPoint.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException refused)
            {
                socket.Dispose();
                failure = refused;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw failure!;
    }
}
