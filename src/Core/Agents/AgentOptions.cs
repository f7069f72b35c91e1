using Channels.Core.Text;

namespace Channels.Core.Agents;

/// <summary>What an agent may offer a contact to choose from.</summary>
public static class AgentOptions
{
    private const int Most = 20;
    private const int Longest = 100;

    /// <summary>The rule, in words.</summary>
    public static string Rule { get; } = $"must be a list of at most {Most} texts, each of 1 to {Longest} characters in one line, no two alike.";

    /// <summary>Whether they keep to the rule.</summary>
    public static bool AreValid(IReadOnlyList<string?> options) =>
        options.Count <= Most && options.All(IsValid) && options.Distinct(StringComparer.OrdinalIgnoreCase).Count() == options.Count;

    private static bool IsValid(string? option) =>
        !string.IsNullOrWhiteSpace(option) && option.Length <= Longest && !option.Any(char.IsControl) && Scrub.Clean(option) == option && option.Trim() == option;
}
