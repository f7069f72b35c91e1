using System.Text.Json;
using Channels.Core.Agents;
using static Channels.Agents.AgentSettingsCheck;

namespace Channels.Agents.Http;

/// <summary>The settings of an HTTP agent: <c>url, secret, accepts_media, file_wait_seconds, history, reply_within_seconds</c>.</summary>
internal static class HttpAgentSettings
{
    private const int UsualHistory = 10;
    private const int MostHistory = 100;
    private const int LongestUrl = 2048;
    private const int UsualWait = 300;
    private const int LongestWait = 86_400;
    private const int UsualFileWait = 30;
    private const int LongestFileWait = 300;

    public static AgentDescription Description { get; } = new(
        "What your own service says: it gets the turn over HTTP and answers {\"reply\": \"…\"}",
        [
            new("url", "Where your service takes its turns.", Required: true),
            new("secret", "Sent as Authorization: Bearer. Never shown again."),
            new("accepts_media", "Whether it also gets messages without text. Default: false."),
            new(
                "file_wait_seconds",
                $"With accepts_media: how long a message waits for its file, where that must be fetched from the provider, before your service gets it without; 0 to {LongestFileWait}. Default: {UsualFileWait}."),
            new("history", $"How many earlier messages it gets, 0 to {MostHistory}; of long ones the newest that are 256 KB together, and always the last. Default: {UsualHistory}."),
            new("reply_within_seconds", $"How long your service may answer a turn it took with 202, 1 to {LongestWait}. Default: {UsualWait}."),
        ]);

    public static Uri? Url(AgentSettings settings) =>
        settings.Setting("url") is { Length: <= LongestUrl } text && Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url : null;

    public static string? Secret(AgentSettings settings) => settings.Setting("secret") is { Length: > 0 } secret ? secret : null;

    public static bool AcceptsMedia(AgentSettings settings) => Member(settings, "accepts_media") is { ValueKind: JsonValueKind.True };

    public static int History(AgentSettings settings) =>
        Member(settings, "history") is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var length) ? Math.Clamp(length, 0, MostHistory) : UsualHistory;

    /// <summary>How long a message waits for its file. Half a minute unless set: providers give most files within seconds, and nobody waits longer for an answer.</summary>
    public static TimeSpan FileWait(AgentSettings settings) => !AcceptsMedia(settings)
        ? TimeSpan.Zero
        : TimeSpan.FromSeconds(Member(settings, "file_wait_seconds") is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var seconds) ? Math.Clamp(seconds, 0, LongestFileWait) : UsualFileWait);

    /// <summary>How long it may answer a turn it took with 202. Five minutes unless set: longer than any model thinks, shorter than a contact's patience.</summary>
    public static TimeSpan ReplyWithin(AgentSettings settings) =>
        TimeSpan.FromSeconds(Member(settings, "reply_within_seconds") is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var seconds) ? Math.Clamp(seconds, 1, LongestWait) : UsualWait);

    public static IEnumerable<AgentComplaint> Check(AgentSettings settings)
    {
        if (Url(settings) is not { } url)
        {
            yield return new("url", "must be an absolute http or https URL: where your agent takes its turns.");
        }
        else if (url.UserInfo.Length > 0)
        {
            yield return new("url", "must not hold a user name or password; put the secret into 'secret'.");
        }

        if (Member(settings, "secret") is { } secret && !IsBearer(secret))
        {
            yield return new("secret", BearerRule);
        }

        if (Member(settings, "accepts_media") is { ValueKind: not (JsonValueKind.True or JsonValueKind.False) })
        {
            yield return new("accepts_media", "must be true or false.");
        }

        if (Member(settings, "file_wait_seconds") is { } patience
            && !(patience.ValueKind == JsonValueKind.Number && patience.TryGetInt32(out var longest) && longest is >= 0 and <= LongestFileWait))
        {
            yield return new("file_wait_seconds", $"must be a whole number from 0 to {LongestFileWait}: how long a message waits for its file before your agent gets it without.");
        }

        if (Member(settings, "history") is { } history
            && !(history.ValueKind == JsonValueKind.Number && history.TryGetInt32(out var length) && length is >= 0 and <= MostHistory))
        {
            yield return new("history", $"must be a whole number from 0 to {MostHistory}: how many earlier messages your agent gets.");
        }

        if (Member(settings, "reply_within_seconds") is { } wait
            && !(wait.ValueKind == JsonValueKind.Number && wait.TryGetInt32(out var seconds) && seconds is >= 1 and <= LongestWait))
        {
            yield return new("reply_within_seconds", $"must be a whole number from 1 to {LongestWait}: how long your agent may answer a turn it took with 202.");
        }

        foreach (var complaint in Unknown(settings, Description))
        {
            yield return complaint;
        }
    }
}
