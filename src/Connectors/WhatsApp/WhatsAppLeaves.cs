using System.Collections.Frozen;

namespace Channels.Connectors.WhatsApp;

/// <summary>The message variants we read, by the name they have in <c>data.message</c>.</summary>
internal static class WhatsAppLeaves
{
    private static readonly FrozenSet<string> _known = FrozenSet.ToFrozenSet(
    [
        "conversation", "extendedTextMessage", "imageMessage", "videoMessage", "ptvMessage", "audioMessage", "documentMessage", "stickerMessage",
        "locationMessage", "liveLocationMessage", "contactMessage", "contactsArrayMessage", "reactionMessage", "buttonsResponseMessage",
        "templateButtonReplyMessage", "listResponseMessage", "interactiveResponseMessage", "pollCreationMessage", "pollCreationMessageV2",
        "pollCreationMessageV3", "pollCreationMessageV5", "pollUpdateMessage", "protocolMessage",
    ]);

    /// <summary>What our side shows as buttons, lists or cards. From others (businesses, other bots) it is stored, not answered.</summary>
    private static readonly FrozenSet<string> _interactive = FrozenSet.ToFrozenSet(
    [
        "buttonsMessage", "listMessage", "templateMessage", "interactiveMessage", "highlyStructuredMessage",
    ]);

    /// <summary>A comment below somebody else's message: it holds a message too, and is no wrapping of one that is said to us.</summary>
    public const string Comment = "commentMessage";

    public static bool Knows(string name) => _known.Contains(name);

    public static bool IsInteractive(string name) => _interactive.Contains(name);

    /// <summary>What stands beside a content: alone, the gateway has left the content out (replies to Meta's forms, files of its own kind of channel).</summary>
    public static bool IsBesides(string name) => name is "contextInfo" or "quoted";

    public static bool IsPoll(string name) => name.StartsWith("pollCreationMessage", StringComparison.Ordinal);
}
