using Channels.Core.Egress;

namespace Channels.Connectors.Http;

/// <summary>What keeps a request from being answered, in our words: the one place that reads the network's errors.</summary>
internal static class NetworkTrouble
{
    /// <summary>When a connection that was there is not any more.</summary>
    public const string BrokenOff = "the connection broke off";

    /// <summary>When the time is over before a connection is there.</summary>
    public const string NoConnection = "no connection within the time limit";

    /// <summary>When an answer came that cannot be unpacked (gzip, deflate).</summary>
    public const string Damaged = "the answer came damaged";

    /// <summary>See <see cref="PackedAnswer.IsDamaged"/>.</summary>
    public static bool IsDamaged(Exception failure) => PackedAnswer.IsDamaged(failure);

    /// <summary>Whether not one byte of the request can have reached the other side.</summary>
    public static bool NeverLeft(HttpRequestError error) =>
        error is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError;

    /// <summary>Whether the answer was larger than we take.</summary>
    public static bool IsTooLarge(HttpRequestError error) => error == HttpRequestError.ConfigurationLimitExceeded;

    /// <summary>The trouble with a provider.</summary>
    /// <param name="error">What the network says.</param>
    /// <param name="provider">As it stands within a sentence: "the gateway", "Meta".</param>
    public static string Of(HttpRequestError error, string provider) => error switch
    {
        HttpRequestError.NameResolutionError => $"the name of {provider} cannot be resolved",
        HttpRequestError.ConnectionError => $"{provider} cannot be reached",
        HttpRequestError.SecureConnectionError => $"no secure connection to {provider}",
        HttpRequestError.ConfigurationLimitExceeded => $"the answer of {provider} is too large",
        _ => BrokenOff,
    };
}
