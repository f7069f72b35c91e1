using System.Collections.Immutable;
using System.Text.Json;
using Channels.Core.Agents;
using Channels.Core.Knowledge;

namespace Channels.Agents.Knowledge;

/// <summary>Where an agent looks things up, and what is good enough: <c>collections, max_passages, min_match, language</c>.</summary>
/// <param name="MaxPassages">How many passages at most.</param>
/// <param name="MinMatch">The share of the question's words that a passage must hold.</param>
internal sealed record KnowledgeSettings(int MaxPassages, double MinMatch)
{
    /// <summary>All of its settings' names.</summary>
    public const string Names = "collections, max_passages, min_match, language";

    private const int MostCollections = 50;
    private const int LongestCollection = 200;
    private const int LongestLanguage = 35;
    private const int MostPassages = 5;

    /// <summary>Empty for all of the tenant's.</summary>
    public ImmutableArray<string> Collections { get; private init; } = [];

    /// <summary>Only documents in this language; null for all, those in the channel's first.</summary>
    public string? Language { get; private init; }

    /// <summary>The settings' descriptions, with this one's numbers as their defaults.</summary>
    public ImmutableArray<AgentSetting> Described =>
    [
        new("collections", "The names of the collections to look in. Default: all."),
        new("max_passages", $"With how many passages it answers at most, 1 to {MostPassages}. Default: {MaxPassages}."),
        new("min_match", FormattableString.Invariant($"Which share of the question's words a passage must hold to count as an answer, 0 to 1. Default: {MinMatch}.")),
        new("language", "Looks only into documents of this language. Default: all, and the channel's language first where two fit equally well."),
    ];

    /// <summary>What is given in an object, the rest as usual.</summary>
    public static KnowledgeSettings Read(JsonElement given, KnowledgeSettings usual) => new(
        Number(given, "max_passages") is >= 1 and <= MostPassages and var most ? (int)most : usual.MaxPassages,
        Number(given, "min_match") is >= 0 and <= 1 and var match ? match : usual.MinMatch)
    {
        Collections = Member(given, "collections") is { ValueKind: JsonValueKind.Array } names ? [.. names.EnumerateArray().Where(IsName).Select(name => name.GetString()!.Trim())] : [],
        Language = Member(given, "language") is { } language && IsLanguage(language) ? language.GetString() : null,
    };

    /// <summary>What is wrong with an object's members, each with <paramref name="prefix"/> before its name.</summary>
    public static IEnumerable<AgentComplaint> Check(JsonElement given, string prefix)
    {
        if (Member(given, "collections") is { } collections
            && !(collections.ValueKind == JsonValueKind.Array && collections.GetArrayLength() is >= 1 and <= MostCollections && collections.EnumerateArray().All(IsName)))
        {
            yield return new(prefix + "collections", $"must be a list of 1 to {MostCollections} names of collections; leave it out for all of them.");
        }

        if (Member(given, "max_passages") is not null && !(Number(given, "max_passages") is >= 1 and <= MostPassages and var most && most == Math.Floor(most)))
        {
            yield return new(prefix + "max_passages", $"must be a whole number from 1 to {MostPassages}: how many passages an answer has at most.");
        }

        if (Member(given, "min_match") is not null && Number(given, "min_match") is not (>= 0 and <= 1))
        {
            yield return new(prefix + "min_match", "must be a number from 0 to 1: the share of the question's words that a passage must hold.");
        }

        if (Member(given, "language") is { } language && !IsLanguage(language))
        {
            yield return new(prefix + "language", "must be a language tag such as en, es or pt-BR; leave it out for documents of every language.");
        }
    }

    /// <summary>What to look for to answer a turn.</summary>
    public KnowledgeQuery QueryFor(AgentTurn turn) => new(turn.Message.Text ?? "")
    {
        Collections = Collections, Language = Language, Locale = turn.Locale, Most = MaxPassages, MinMatch = MinMatch,
    };

    private static JsonElement? Member(JsonElement given, string name) => given.ValueKind == JsonValueKind.Object && given.TryGetProperty(name, out var value) ? value : null;

    private static double? Number(JsonElement given, string name) =>
        Member(given, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out var number) ? number : null;

    private static bool IsName(JsonElement name) => name.ValueKind == JsonValueKind.String && name.GetString()!.Trim().Length is > 0 and <= LongestCollection;

    private static bool IsLanguage(JsonElement tag) => tag.ValueKind == JsonValueKind.String && tag.GetString() is { Length: <= LongestLanguage } text && Languages.IsTag(text);
}
