using System.Globalization;
using System.Net;
using Channels.Core;

namespace Channels.Silo;

/// <summary>Where a silo listens for the other processes of its cluster: <c>Channels:Cluster:SiloPort</c> and <c>GatewayPort</c>. Read by the cluster build alone.</summary>
internal static class ClusterPort
{
    /// <summary>Reads one of them.</summary>
    /// <param name="configuration">All settings.</param>
    /// <param name="name">Which.</param>
    /// <param name="usual">Where it is not set.</param>
    /// <exception cref="SettingException">It is no port.</exception>
    public static int Of(IConfiguration configuration, string name, int usual)
    {
        var setting = $"Channels:Cluster:{name}";
        return configuration[setting] switch
        {
            null or "" => usual,
            var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= IPEndPoint.MaxPort => port,
            var text => throw new SettingException(setting, $"is '{text}', but must be a port from 1 to {IPEndPoint.MaxPort}, such as {usual}."),
        };
    }
}
