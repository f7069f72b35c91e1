using System.Collections.Immutable;
using System.Globalization;
using Channels.Api.Errors;
using Channels.Core.Channels;
using Channels.Core.Knowledge;

namespace Channels.Api.Channels;

/// <summary>Reads what a channel's owner decides about answering, and says everything that is wrong with it.</summary>
/// <param name="has">Whether a field is to be taken from the request; the rest stays as it is.</param>
/// <param name="complaints">Where to complain.</param>
internal sealed class PolicyForm(Func<string, bool> has, List<FieldComplaint> complaints)
{
    private const int LongestText = 1000;
    private const int MostKeywords = 50;
    private const int LongestKeyword = 100;
    private const int LongestDebounce = 10_000;

    /// <summary>Less would fail messages that only wait their turn behind the provider's rate limit.</summary>
    private static readonly TimeSpan ShortestReplyAge = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan LongestAge = TimeSpan.FromDays(365);
    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(30);

    public ChannelPolicy Read(ChannelSettings given, ChannelPolicy otherwise)
    {
        var defaults = ChannelPolicy.Default;
        return new(
            has("groups") ? given.Groups ?? defaults.Groups : otherwise.Groups,
            has("answer_max_age") ? Seconds("answer_max_age", given.AnswerMaxAge, LongestAge) : otherwise.AnswerMaxAge,
            has("takeover_pause") ? Seconds("takeover_pause", given.TakeoverPause, LongestPause) ?? defaults.TakeoverPause : otherwise.TakeoverPause,
            has("locale") ? Locale(given.Locale) ?? defaults.Locale : otherwise.Locale,
            has("apology") ? Text("apology", given.Apology) : otherwise.Apology)
        {
            ReplyMaxAge = has("reply_max_age") ? Seconds("reply_max_age", given.ReplyMaxAge, LongestAge, ShortestReplyAge) : otherwise.ReplyMaxAge,
            OnAgentFailure = has("on_agent_failure") ? Failure(given.OnAgentFailure) : otherwise.OnAgentFailure,
            HandoverKeywords = has("handover_keywords") ? Keywords(given.HandoverKeywords) : otherwise.HandoverKeywords,
            HandoverText = has("handover_text") ? Text("handover_text", given.HandoverText) : otherwise.HandoverText,
            Debounce = has("debounce_ms") ? Debounce(given.DebounceMs) : otherwise.Debounce,
            Typing = has("typing") ? given.Typing ?? defaults.Typing : otherwise.Typing,
        };
    }

    private TimeSpan? Seconds(string field, double? seconds, TimeSpan most, TimeSpan least = default)
    {
        if (seconds is not { } length)
        {
            return null;
        }

        // Whole ones, also when written as 60.0.
        if (length >= least.TotalSeconds && length <= most.TotalSeconds && double.IsInteger(length))
        {
            return TimeSpan.FromSeconds(length);
        }

        complaints.Add(new(field, string.Create(CultureInfo.InvariantCulture, $"must be whole seconds from {least.TotalSeconds:0} to {most.TotalSeconds:0}.")));
        return null;
    }

    private string? Locale(string? locale)
    {
        if (locale is not null && !Languages.IsTag(locale))
        {
            complaints.Add(new("locale", "must be a language tag such as en, es or pt-BR."));
        }

        return locale;
    }

    private string? Text(string field, string? text)
    {
        if (text?.Length > LongestText)
        {
            complaints.Add(new(field, $"may have {LongestText} characters; it has {text.Length}."));
        }

        return string.IsNullOrWhiteSpace(text) ? null : text;
    }

    private OnAgentFailure Failure(string? word)
    {
        if (word is null)
        {
            return ChannelPolicy.Default.OnAgentFailure;
        }

        if (StatusWords.FromWord<OnAgentFailure>(word) is { } failure)
        {
            return failure;
        }

        complaints.Add(new("on_agent_failure", "must be one of: apologise, silent, hand_over."));
        return ChannelPolicy.Default.OnAgentFailure;
    }

    private ImmutableArray<string> Keywords(IReadOnlyList<string?>? words)
    {
        if (words is null)
        {
            return [];
        }

        if (words.Count > MostKeywords)
        {
            complaints.Add(new("handover_keywords", $"may have {MostKeywords} keywords; it has {words.Count}."));
        }
        else if (!words.All(IsKeyword))
        {
            complaints.Add(new("handover_keywords", $"must be texts of 1 to {LongestKeyword} characters, each with a letter or digit: a contact's whole message is compared with them."));
        }

        return [.. words.OfType<string>().Select(word => word.Trim())];
    }

    // What has neither letter nor digit is trimmed away before messages are compared, and would then equal every other such message.
    private static bool IsKeyword(string? word) => word?.Trim() is { Length: > 0 and <= LongestKeyword } given && given.Any(char.IsLetterOrDigit);

    private TimeSpan Debounce(int? milliseconds)
    {
        if (milliseconds is < 0 or > LongestDebounce)
        {
            complaints.Add(new("debounce_ms", $"must be whole milliseconds from 0 to {LongestDebounce}."));
        }

        return TimeSpan.FromMilliseconds(milliseconds ?? 0);
    }
}
