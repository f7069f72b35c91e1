using System.Text.Json;
using Channels.Connectors.Json;

namespace Channels.Connectors.WhatsApp;

/// <summary>What a change does to an earlier one.</summary>
internal enum WhatsAppChangeType
{
    /// <summary>Nothing: it changes a setting.</summary>
    Other = 0,

    /// <summary>Takes it back.</summary>
    Revoke,

    /// <summary>Writes it anew.</summary>
    Edit,
}

/// <summary>WhatsApp's <c>protocolMessage</c>: the edit or the taking back of an earlier message, or a setting. An edit may come encrypted once more instead, as <c>secretEncryptedMessage</c>.</summary>
/// <param name="Type">Which of them.</param>
/// <param name="Target">Id of the message it changes.</param>
/// <param name="Text">What an edited one says now; null where that cannot be read.</param>
/// <param name="Milliseconds">When it was edited, in any of a number's spellings.</param>
/// <param name="Name">What it is when it is neither, in our words.</param>
internal readonly record struct WhatsAppChange(WhatsAppChangeType Type, string? Target, string? Text, JsonElement Milliseconds, string Name)
{
    /// <summary>Why a change that does not say of what is ignored.</summary>
    public const string WithoutTarget = "a change without the message it changes";

    private const int RevokeNumber = 0;
    private const int EditNumber = 14;
    private const int SecretEditNumber = 2;

    /// <summary>Null when this content changes nothing, or nothing we know of.</summary>
    public static WhatsAppChange? In(WhatsAppContent content) => content.Leaf switch
    {
        "protocolMessage" => Read(content.Value),
        "secretEncryptedMessage" => ReadSecret(content.Value),
        _ => null,
    };

    public static WhatsAppChange Read(JsonElement protocol) => new(
        TypeOf(protocol),
        protocol.Member("key").Id("id", "ID"),
        TextOf(WhatsAppUnwrap.Open(protocol.Member("editedMessage"))),
        protocol.Member("timestampMs", "timestampMS"),
        NameOf(protocol));

    /// <summary>Text or caption of a content; null for none.</summary>
    public static string? TextOf(WhatsAppContent content) => content.Leaf switch
    {
        null => null,
        "conversation" => content.Value.AsText(),
        _ => content.Value.Filled("text") ?? content.Value.Filled("caption"),
    };

    /// <summary>Gateways do not decrypt it: that the message was edited is known, and what it says now is not.</summary>
    private static WhatsAppChange? ReadSecret(JsonElement secret)
    {
        var type = secret.Member("secretEncType");
        return (WhatsAppValues.Integer(type) == SecretEditNumber || type.AsText()?.ToUpperInvariant() == "MESSAGE_EDIT") && secret.Member("targetMessageKey").Id("id", "ID") is { } target
            ? new(WhatsAppChangeType.Edit, target, null, default, "")
            : null;
    }

    private static WhatsAppChangeType TypeOf(JsonElement protocol)
    {
        var type = protocol.Member("type");
        return type.ValueKind switch
        {
            JsonValueKind.Undefined or JsonValueKind.Null => protocol.Member("editedMessage").IsObject() ? WhatsAppChangeType.Edit
                : OnlyKey(protocol) ? WhatsAppChangeType.Revoke
                : WhatsAppChangeType.Other,
            _ when WhatsAppValues.Integer(type) is { } number => number switch
            {
                RevokeNumber => WhatsAppChangeType.Revoke,
                EditNumber => WhatsAppChangeType.Edit,
                _ => WhatsAppChangeType.Other,
            },
            _ => type.AsText()?.ToUpperInvariant() switch
            {
                "REVOKE" => WhatsAppChangeType.Revoke,
                "MESSAGE_EDIT" => WhatsAppChangeType.Edit,
                _ => WhatsAppChangeType.Other,
            },
        };
    }

    /// <summary>Zero is REVOKE, and some printers leave a zero out.</summary>
    private static bool OnlyKey(JsonElement protocol) =>
        protocol.IsObject() && protocol.EnumerateObject().All(member => member.Name is "key" or "timestampMs" or "timestampMS" || member.Value.IsNothing());

    private static string NameOf(JsonElement protocol)
    {
        var type = protocol.Member("type");
        return type.AsText() is { Length: > 0 and < 64 } name && name.All(c => char.IsAsciiLetterUpper(c) || c == '_')
            ? $"a setting, not a message ({name})"
            : "a setting, not a message";
    }
}
