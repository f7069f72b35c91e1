using System.Net;
using System.Net.Sockets;

namespace Channels.Core.Egress;

/// <summary>Which addresses a call made on a tenant's behalf may connect to: the public internet, and what the operator allows.</summary>
/// <remarks>A tenant gives us URLs. Without this a tenant could read what only our own network may (metadata services, databases, other tenants' gateways).</remarks>
public sealed class EgressRules
{
    // IANA's special-purpose registries: everything that is not a public unicast address.
    private static readonly IPNetwork[] Refused =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "::/96", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "64:ff9b:1::/48", "fc00::/7", "fe80::/10", "fec0::/10",
            "ff00::/8",
        }.Select(IPNetwork.Parse),
    ];

    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");
    private readonly IPNetwork[] _allowed;

    /// <summary>Rules with these networks allowed besides the public internet.</summary>
    public EgressRules(IEnumerable<IPNetwork> allowed) => _allowed = [.. allowed];

    /// <summary>This machine itself: what the embedded default allows, because gateways on one's own machine are its first use.</summary>
    public static IReadOnlyList<IPNetwork> Loopback { get; } = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")];

    /// <summary>Whether a connection to this address may be made.</summary>
    public bool MayConnect(IPAddress address)
    {
        var target = Unwrapped(address);
        return _allowed.Any(network => network.Contains(target)) || !Refused.Any(network => network.Contains(target));
    }

    // An IPv4 address may travel inside an IPv6 one; the rules are about where the packets end up.
    private static IPAddress Unwrapped(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        var bytes = address.GetAddressBytes();
        if (Nat64.Contains(address))
        {
            return new IPAddress(bytes.AsSpan(12));
        }

        // A scope id would make Contains miss the network.
        return SixToFour.Contains(address) ? new IPAddress(bytes.AsSpan(2, 4)) : new IPAddress(bytes);
    }
}
