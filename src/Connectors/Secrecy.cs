using Channels.Core.Connectors;

namespace Channels.Connectors;

/// <summary>Takes secrets and the message's own text out of what a provider said: outcomes are shown, stored and logged.</summary>
internal static class Secrecy
{
    private const string Hidden = "***";

    /// <summary>Shorter ones would blacken ordinary words.</summary>
    private const int ShortestHidden = 4;

    public static string Hide(string words, params ReadOnlySpan<string?> secrets)
    {
        foreach (var secret in secrets)
        {
            if (secret is { Length: >= ShortestHidden })
            {
                words = words.Replace(secret, Hidden, StringComparison.OrdinalIgnoreCase);
            }
        }

        return words;
    }

    public static SendOutcome Hide(SendOutcome outcome, params ReadOnlySpan<string?> secrets) => outcome switch
    {
        SendOutcome.Refused refused => refused with { Reason = Hide(refused.Reason, secrets) },
        SendOutcome.TryLater later => later with { Reason = Hide(later.Reason, secrets) },
        SendOutcome.Blocked blocked => blocked with { Reason = Hide(blocked.Reason, secrets) },
        SendOutcome.Unknown unknown => new SendOutcome.Unknown(Hide(unknown.Reason, secrets)),
        _ => outcome,
    };

    public static HealthReading Hide(HealthReading reading, params ReadOnlySpan<string?> secrets)
    {
        foreach (var (name, value) in reading.Facts?.ToList() ?? [])
        {
            reading.Facts![name] = value is null ? null : Hide(value.ToString(), secrets);
        }

        return reading switch
        {
            HealthReading.Ailing ailing => ailing with { Reason = Hide(ailing.Reason, secrets) },
            HealthReading.Broken broken => broken with { Reason = Hide(broken.Reason, secrets) },
            HealthReading.Unknown unknown => unknown with { Reason = Hide(unknown.Reason, secrets) },
            _ => reading,
        };
    }

    public static ActivationOutcome Hide(ActivationOutcome outcome, params ReadOnlySpan<string?> secrets) => outcome switch
    {
        ActivationOutcome.Refused refused => refused with { Reason = Hide(refused.Reason, secrets) },
        ActivationOutcome.Unreachable unreachable => new ActivationOutcome.Unreachable(Hide(unreachable.Reason, secrets)),
        _ => outcome,
    };
}
