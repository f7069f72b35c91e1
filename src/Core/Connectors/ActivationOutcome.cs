namespace Channels.Core.Connectors;

/// <summary>What the provider said when an account was activated. The family is closed.</summary>
public abstract record ActivationOutcome
{
    private ActivationOutcome()
    {
    }

    /// <summary>Connected and pointed at our webhook.</summary>
    public sealed record Active : ActivationOutcome;

    /// <summary>Known to the provider, not connected yet: somebody must pair it.</summary>
    public sealed record Connecting(string NextStep) : ActivationOutcome;

    /// <summary>The provider refused; the settings or the gateway must be mended first.</summary>
    /// <param name="Code">A word of ours.</param>
    /// <param name="Reason">The provider's words, without secrets.</param>
    /// <param name="Field">The setting at fault, where one is.</param>
    public sealed record Refused(string Code, string Reason, string? Field = null) : ActivationOutcome;

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
