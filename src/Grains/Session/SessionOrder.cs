namespace Channels.Grains.Session;

/// <summary>What a gateway is told to do about a session.</summary>
internal enum SessionOrder
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Create or connect, for a code.</summary>
    Pair,

    /// <summary>Restart a connection that does not come back by itself.</summary>
    Restart,
}
