using System.Buffers.Text;
using Orleans;

namespace Channels.Core.Connectors;

/// <summary>What the provider said when an account was activated. The family is closed.</summary>
public abstract record ActivationOutcome
{
    private ActivationOutcome()
    {
    }

    /// <summary>Connected and pointed at our webhook.</summary>
    /// <param name="OwnId">Our own id as the provider knows it (for WhatsApp the paired number's jid), where it said so.</param>
    public sealed record Active(string? OwnId = null) : ActivationOutcome;

    /// <summary>Known to the provider, not connected yet: somebody must pair it.</summary>
    /// <param name="NextStep">What to do, in the tenant's words.</param>
    /// <param name="Code">The code to pair with, where the provider gave one at once. Later ones come as events.</param>
    public sealed record Connecting(string NextStep, PairingCode? Code = null) : ActivationOutcome;

    /// <summary>The provider refused; the settings or the gateway must be mended first.</summary>
    /// <param name="Code">A word of ours.</param>
    /// <param name="Reason">The provider's words, without secrets.</param>
    /// <param name="Field">The setting at fault, where one is.</param>
    /// <param name="GatewayFault">The gateway as a whole is at fault (its licence), not this account.</param>
    public sealed record Refused(string Code, string Reason, string? Field = null, bool GatewayFault = false) : ActivationOutcome
    {
        /// <summary>What to do, where it is not to mend the field or what is complained about.</summary>
        public string? NextStep { get; init; }
    }

    /// <summary>The provider could not be reached; nothing is known about the account.</summary>
    public sealed record Unreachable(string Reason) : ActivationOutcome;
}

/// <summary>What a look-up of a sent message found. The family is closed.</summary>
public abstract record SentLookupOutcome
{
    private SentLookupOutcome()
    {
    }

    /// <summary>It left, under this id.</summary>
    public sealed record Found(string ProviderMessageId) : SentLookupOutcome;

    /// <summary>The provider knows the chat and has no such message.</summary>
    public sealed record NotThere : SentLookupOutcome;

    /// <summary>The provider cannot say.</summary>
    public sealed record CannotSay(string Reason) : SentLookupOutcome;
}

/// <summary>What a phone scans or types to be paired. Short-lived, and as good as a password while it lasts.</summary>
/// <param name="QrRaw">The raw text, to be drawn as QR.</param>
/// <param name="QrImage">The picture as a data URL, where the provider drew it.</param>
/// <param name="Typed">Eight characters to type on the phone instead.</param>
[GenerateSerializer, Immutable, Alias("PairingCode")]
public sealed record PairingCode([property: Id(0)] string? QrRaw, [property: Id(1)] string? QrImage, [property: Id(2)] string? Typed)
{
    // WhatsApp's codes have some 240 characters, and their pictures 2 to 20 KB.
    private const int LongestRaw = 2_000;
    private const int LongestImage = 64 * 1024;
    private const int LongestTyped = 32;

    private static readonly string[] ImagePrefixes = ["data:image/png;base64,", "data:image/jpeg;base64,"];

    /// <summary>What of a provider's words can be shown: pictures only as PNG or JPEG data URL of at most 64 KB, no part overlong.</summary>
    /// <returns>Null when nothing is left.</returns>
    public static PairingCode? Of(string? raw, string? image, string? typed)
    {
        var code = new PairingCode(raw?.Length > LongestRaw ? null : raw, image is not null && IsPicture(image) ? image : null, typed?.Length > LongestTyped ? null : typed);
        return code.IsEmpty ? null : code;
    }

    /// <summary>Whether there is anything to show.</summary>
    public bool IsEmpty => QrRaw is null && QrImage is null && Typed is null;

    private static bool IsPicture(string image) =>
        image.Length <= LongestImage && Array.Find(ImagePrefixes, prefix => image.StartsWith(prefix, StringComparison.Ordinal)) is { } prefix
        && Base64.IsValid(image.AsSpan(prefix.Length));

    /// <summary>Nothing of the code: a record's own text would print it.</summary>
    public override string ToString() => nameof(PairingCode);
}
