using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors;

/// <summary>Reads the <c>channel.json</c> that is embedded beside a connector's type.</summary>
internal static class ConnectorManifests
{
    /// <summary>The manifest of a connector type: the resource named as its namespace.</summary>
    /// <exception cref="InvalidOperationException">There is none, or it cannot be read. The message names the type and the resource.</exception>
    public static ChannelManifest Of(Type connector)
    {
        var name = $"{connector.Namespace}.channel.json";
        using var stream = connector.Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{connector.FullName} has no manifest: the assembly holds no resource {name}.");
        try
        {
            using var document = JsonDocument.Parse(stream);
            return Read(document.RootElement);
        }
        catch (Exception unreadable) when (unreadable is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            throw new InvalidOperationException($"The manifest of {connector.FullName} ({name}) cannot be read: {unreadable.Message}", unreadable);
        }
    }

    private static ChannelManifest Read(JsonElement manifest) => new(
        manifest.GetProperty("id").GetString()!,
        manifest.GetProperty("display_name").GetString()!,
        manifest.GetProperty("version").GetString()!,
        manifest.GetProperty("transport").GetString()!,
        manifest.GetProperty("settings_schema").Clone(),
        Limits(manifest.GetProperty("limits")),
        TimeSpan.Parse(manifest.GetProperty("retry_window").GetString()!, CultureInfo.InvariantCulture))
    {
        Network = manifest.TryGetProperty("network", out var network) ? network.GetString()! : manifest.GetProperty("id").GetString()!,
        ReplyWindow = manifest.TryGetProperty("reply_window", out var window) ? TimeSpan.Parse(window.GetString()!, CultureInfo.InvariantCulture) : null,
        Capabilities = [.. manifest.GetProperty("capabilities").EnumerateArray().Select(capability => capability.GetString()!)],
    };

    private static ChannelLimits Limits(JsonElement limits)
    {
        var rate = limits.GetProperty("messages_per_second");
        return new(
            limits.GetProperty("text_length").GetInt32(),
            rate.ValueKind == JsonValueKind.Null ? null : rate.GetDouble(),
            limits.GetProperty("concurrency").GetInt32());
    }
}
