using System.Collections.Immutable;
using Channels.Core.Connectors;

namespace Channels.Connectors.WhatsApp;

/// <summary>A message in a gateway's own store.</summary>
/// <param name="Id">WhatsApp's id.</param>
/// <param name="Chat">The chat in canonical form.</param>
/// <param name="FromMe">Whether our side wrote it.</param>
/// <param name="Text">What it says.</param>
/// <param name="At">When, in whole seconds.</param>
internal sealed record WhatsAppSent(string Id, string Chat, bool FromMe, string? Text, DateTimeOffset At)
{
    /// <summary>Both clocks tell whole seconds, and they are two clocks.</summary>
    private static readonly TimeSpan _slack = TimeSpan.FromSeconds(2);

    /// <summary>How far the gateway's clock may be behind ours before a message of ours is taken for an older one.</summary>
    private static readonly TimeSpan _clockDifference = TimeSpan.FromMinutes(5);

    /// <summary>Whether a message of ours is among a chat's latest ones.</summary>
    /// <remarks>"Not there" makes us send again, so it is said only when the gateway shows the chat, and shows it back to the moment in question.</remarks>
    public static SentLookupOutcome Judge(
        ImmutableArray<WhatsAppSent> records, int pageSize, OutboundMessage message, DateTimeOffset since, IReadOnlySet<string> known)
    {
        since -= _slack;
        var chat = records.Where(record => record.Chat == message.ChatId).ToImmutableArray();
        var alike = chat.Where(record => record.FromMe && record.Text == message.Text && !known.Contains(record.Id)).OrderBy(record => record.At).ToImmutableArray();
        if (alike.FirstOrDefault(record => record.At >= since) is { } found)
        {
            return new SentLookupOutcome.Found(found.Id);
        }

        return alike.Any(record => record.At >= since - _clockDifference) ? new SentLookupOutcome.CannotSay("the gateway has this text from shortly before, or its clock is behind")
            : chat.IsEmpty ? new SentLookupOutcome.CannotSay("the gateway keeps no messages of this chat")
            : records.Length >= pageSize && chat.Min(record => record.At) > since ? new SentLookupOutcome.CannotSay("too much was said in this chat since")
            : new SentLookupOutcome.NotThere();
    }
}
