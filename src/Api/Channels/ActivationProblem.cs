using Channels.Api.Errors;
using Channels.Grains.Abstractions;

namespace Channels.Api.Channels;

/// <summary>Says why a provider did not go along.</summary>
internal static class ActivationProblem
{
    // The grains' words for "nobody answered there".
    private const string Unreachable = "unreachable";

    // The grains' word for a channel that was deleted before they looked.
    private const string Gone = "channel-unknown";

    public static Problem Of(ActivationResult result)
    {
        if (result.Code == Gone)
        {
            return Problem.NotFound;
        }

        var error = result.Code?.Contains(Unreachable, StringComparison.Ordinal) == true ? ErrorCatalogue.ProviderUnreachable : ErrorCatalogue.ProviderRefused;
        var detail = string.Join(" ", new[] { Sentence(result.Reason), result.NextStep }.Where(text => !string.IsNullOrEmpty(text)));
        return new(error, detail, result.Field is { } field ? [new($"config.{field}", result.Reason ?? "was refused by the provider.")] : null);
    }

    // Reasons are often a provider's words.
    private static string? Sentence(string? words) =>
        string.IsNullOrEmpty(words) ? null : $"{char.ToUpperInvariant(words[0])}{words[1..]}{(words[^1] is '.' or '!' or '?' or '…' ? "" : ".")}";
}
