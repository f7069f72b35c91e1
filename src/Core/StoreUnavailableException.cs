using Orleans;

namespace Channels.Core;

/// <summary>The store did not answer; nothing can be said about what was asked, and nothing asked for was certainly done.</summary>
[GenerateSerializer, Alias("StoreUnavailableException")]
public sealed class StoreUnavailableException : Exception
{
    /// <summary>Creates it with a general message.</summary>
    public StoreUnavailableException()
        : base("The store is not available.")
    {
    }

    /// <summary>Creates it with a message.</summary>
    public StoreUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>Creates it with a message and its cause.</summary>
    public StoreUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
