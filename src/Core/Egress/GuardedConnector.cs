using System.Net;
using System.Net.Sockets;

namespace Channels.Core.Egress;

/// <summary>Opens the connections of guarded HTTP clients: resolves once, checks every address, connects to what was checked.</summary>
/// <remarks>
/// The check sits here, at connect time, and not at the URL: between a check and a second look-up a name can change its address.
/// An address that drops what it is sent has its share of the time, and the last what is left: another one may answer.
/// </remarks>
/// <param name="rules">Where connections may lead.</param>
/// <param name="resolve">Finds a name's addresses.</param>
/// <param name="limit">How long all of it may take; whoever asks for a connection sees to it.</param>
internal sealed class GuardedConnector(EgressRules rules, Func<string, CancellationToken, Task<IPAddress[]>> resolve, TimeSpan limit)
{
    private static readonly TimeSpan _smallestShare = TimeSpan.FromSeconds(1);

    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var host = context.DnsEndPoint.Host;
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await resolve(host, cancellationToken);
        var allowed = Array.FindAll(addresses, rules.MayConnect);
        if (allowed.Length == 0)
        {
            throw new EgressRefusedException(host);
        }

        SocketException? failure = null;
        var share = limit / allowed.Length;
        foreach (var address in allowed)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            either.CancelAfter(address == allowed[^1] ? Timeout.InfiniteTimeSpan : share > _smallestShare ? share : _smallestShare);
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(address, context.DnsEndPoint.Port, either.Token);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException refused)
            {
                socket.Dispose();
                failure = refused;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                socket.Dispose();
                failure = new SocketException((int)SocketError.TimedOut);
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
