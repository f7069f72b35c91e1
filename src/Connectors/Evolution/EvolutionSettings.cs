using System.Globalization;
using System.Text.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.Evolution;

/// <summary>One account's settings, ready for use: where the gateway is and as whom to speak.</summary>
internal sealed record EvolutionSettings(string BaseUrl, string ApiKey, string Instance, TimeSpan SendTimeout)
{
    /// <summary>The setting with the instance's name on the gateway.</summary>
    public const string InstanceName = "instance_name";

    private static readonly TimeSpan _sendTimeout = TimeSpan.FromSeconds(20);

    /// <summary>Null when the settings are not what the manifest's schema asks for.</summary>
    public static EvolutionSettings? Read(Connection connection)
    {
        var (url, key, instance) = (connection.Setting("base_url"), connection.Setting("api_key"), connection.Setting(InstanceName));
        return Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
               && key is { Length: > 0 } && instance is { Length: > 0 }
            ? new(url!.TrimEnd('/'), key, instance, TimeoutOf(connection))
            : null;
    }

    /// <summary>The address of a call about this instance.</summary>
    public Uri CallTo(string path, string query = "") => new($"{BaseUrl}/{path}/{Uri.EscapeDataString(Instance)}{query}");

    /// <summary>The address of a call about no instance.</summary>
    public Uri CallToGateway(string path) => new($"{BaseUrl}/{path}");

    /// <summary>Only the harmless half: a record's own text would print the key.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"Evolution instance {Instance}");

    private static TimeSpan TimeoutOf(Connection connection) =>
        connection.Settings.TryGetProperty("send_timeout_seconds", out var value) && value.ValueKind == JsonValueKind.Number
        && value.TryGetInt32(out var seconds) && seconds is > 0 and <= 90
            ? TimeSpan.FromSeconds(seconds)
            : _sendTimeout;
}
