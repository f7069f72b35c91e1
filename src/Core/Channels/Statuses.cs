using System.Text.Json;

namespace Channels.Core.Channels;

/// <summary>The life of a connector.</summary>
public enum ConnectorStatus
{
    /// <summary>Configured, never started.</summary>
    Pending = 0,

    /// <summary>Being started.</summary>
    Starting,

    /// <summary>Working.</summary>
    Active,

    /// <summary>The provider or its gateway refuses us; the reason says what to do.</summary>
    Error,

    /// <summary>Switched off by its owner.</summary>
    Disabled,

    /// <summary>Gone, kept for its history.</summary>
    Archived,
}

/// <summary>The life of an account. It is active only while its connector is.</summary>
public enum AccountStatus
{
    /// <summary>Created, not activated yet.</summary>
    Pending = 0,

    /// <summary>The provider knows it; somebody must pair it or it is reconnecting.</summary>
    Connecting,

    /// <summary>Messages flow both ways.</summary>
    Active,

    /// <summary>Switched off by its owner: webhooks are kept, replies wait.</summary>
    Inactive,

    /// <summary>The provider says it is logged out or gone.</summary>
    Disconnected,

    /// <summary>Something must be mended; the reason says what.</summary>
    Error,
}

/// <summary>The pairing life of an account whose provider needs one.</summary>
public enum SessionStatus
{
    /// <summary>The gateway is asked to connect, or is reconnecting.</summary>
    Starting = 0,

    /// <summary>Waits for a person to scan or type a code.</summary>
    ScanQrCode,

    /// <summary>Paired and connected.</summary>
    Working,

    /// <summary>Does not connect; the reason says whether we go on trying.</summary>
    Failed,

    /// <summary>Nobody wants it to be connected: logged out by us, removed, or never paired.</summary>
    Stopped,

    /// <summary>The phone or the provider ended the pairing: it must be paired anew.</summary>
    Unauthorized,
}

/// <summary>Status words as they stand in the database and the API: snake_case.</summary>
public static class StatusWords
{
    /// <summary>The word of a status.</summary>
    public static string ToWord<T>(this T status)
        where T : struct, Enum =>
        Words<T>.ByValue[status];

    /// <summary>The status of a word, or null.</summary>
    public static T? FromWord<T>(string word)
        where T : struct, Enum =>
        Words<T>.ByWord.TryGetValue(word, out var value) ? value : null;

    private static class Words<T>
        where T : struct, Enum
    {
        internal static readonly Dictionary<T, string> ByValue =
            Enum.GetValues<T>().ToDictionary(value => value, value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));

        internal static readonly Dictionary<string, T> ByWord = ByValue.ToDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);
    }
}
