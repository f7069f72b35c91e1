namespace Channels.Core.Channels;

/// <summary>What to do about a provider that keeps a connector from working. One place for all kinds: the words are ours, and so are the codes.</summary>
public static class NextSteps
{
    /// <summary>For a code that kinds use for a connector in trouble; a general advice for one that is not known here, null for none.</summary>
    public static string? For(string? code) => code switch
    {
        null => null,
        "provider-unreachable" => "Check that the gateway runs and can be reached from here; it is tried again by itself.",
        "license-required" => "Activate the gateway's licence; it is tried again by itself.",
        "unauthorized" or "forbidden" => "Correct the key in the channel's settings and activate the channel again.",
        "wrong-address" => "Correct the address in the channel's settings and activate the channel again.",
        "instance-missing" => "Activate the channel again: the account is then made anew at the gateway.",
        _ => "Mend what the provider complains about and activate the channel again.",
    };
}
