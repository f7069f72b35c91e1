using Orleans;

namespace Channels.Core.Media;

/// <summary>The directory for files takes none: nothing was kept. Neither the database nor what was asked is at fault.</summary>
/// <remarks>Its message is for tenants as well: it says what is wrong, and names no path.</remarks>
[GenerateSerializer, Alias("MediaUnavailableException")]
public sealed class MediaUnavailableException : Exception
{
    /// <summary>Creates it with a general message.</summary>
    public MediaUnavailableException()
        : base("Files cannot be kept.")
    {
    }

    /// <summary>Creates it with a message.</summary>
    public MediaUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>Creates it with a message and its cause.</summary>
    public MediaUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Why files cannot be kept now.</summary>
/// <param name="What">In words, for tenants as well.</param>
/// <param name="Since">Since when.</param>
/// <param name="NextStep">What the operator does about it.</param>
public sealed record MediaTrouble(string What, DateTimeOffset Since, string NextStep);
