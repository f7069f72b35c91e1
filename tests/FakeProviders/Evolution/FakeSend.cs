namespace Channels.FakeProviders.Evolution;

/// <summary>One message the fake took: WhatsApp would have delivered it.</summary>
/// <param name="Number">Its place in the ledger, from 1.</param>
/// <param name="Id">The id the fake gave it.</param>
/// <param name="Instance">Who sent it.</param>
/// <param name="To">The number or address as it was given.</param>
/// <param name="Text">What was said.</param>
/// <param name="ReplyTo">The id it quotes.</param>
/// <param name="At">When it was taken.</param>
/// <param name="Asked">When it was asked for.</param>
public sealed record FakeSend(long Number, string Id, string Instance, string To, string Text, string? ReplyTo, DateTimeOffset At, DateTimeOffset Asked)
{
    /// <summary>The chat it went to, as a full address.</summary>
    public string Chat => To.Contains('@', StringComparison.Ordinal) ? To : $"{To}@s.whatsapp.net";
}
