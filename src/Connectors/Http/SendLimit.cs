using Channels.Core.Connectors;

namespace Channels.Connectors.Http;

/// <summary>How long one send may take.</summary>
internal static class SendLimit
{
    /// <summary>A provider takes in, fetches or converts a file before it answers: cut off sooner, it has most likely been sent and nobody knows.</summary>
    private static readonly TimeSpan _forFiles = TimeSpan.FromSeconds(60);

    /// <summary>The channel's own setting; for a file a minute, if that is longer.</summary>
    public static TimeSpan Of(OutboundContent? content, TimeSpan setting) => content is OutboundContent.File && setting < _forFiles ? _forFiles : setting;
}
