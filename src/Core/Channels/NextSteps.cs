namespace Channels.Core.Channels;

/// <summary>What to do about a channel whose account says nothing of it: it was never activated, or its provider keeps the connector from working.</summary>
public static class NextSteps
{
    /// <summary>One place for all kinds: the words are ours, and so are the codes. A general advice for a code that is not known here.</summary>
    /// <param name="status">The status that is shown.</param>
    /// <param name="code">The word for what is wrong; null when nothing is.</param>
    public static string? For(string status, string? code) => code switch
    {
        null => status == AccountStatus.Pending.ToWord() ? "Activate the channel." : null,
        "provider-unreachable" => "Check that the provider, or the gateway to it, can be reached from here; it is tried again by itself.",
        "license-required" => "Activate the gateway's licence; it is tried again by itself.",
        "unauthorized" or "forbidden" => "Correct the key in the channel's settings and activate the channel again.",
        "wrong-address" => "Correct the address in the channel's settings and activate the channel again.",
        "webhook-taken-over" or "webhook-removed" or "webhook-altered" or "webhook-in-the-way" => "Activate the channel again: that points the provider to this server.",
        "polled-elsewhere" => "Stop the other program that fetches with the same token, or have the provider make a new token.",
        "webhook-secret-unfit" => "Rotate the channel's webhook secret without giving one, and activate again.",
        "instance-missing" => "Activate the channel again: the account is then made anew at the gateway.",
        _ => "Mend what the provider complains about and activate the channel again.",
    };
}
