using System.Text.Encodings.Web;
using System.Text.Json;

namespace Channels.Running;

/// <summary>Webhook bodies as the gateway writes them (2.3.7's shape).</summary>
internal static class EvolutionBodies
{
    private static readonly JsonSerializerOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Stands in every body, as it does in reality; must never be seen again.</summary>
    public const string InstanceToken = "TOKEN-OF-THE-INSTANCE-9f2c";

    public static string Person(string number) => $"{number}@s.whatsapp.net";

    /// <summary>A customer's text.</summary>
    public static byte[] Text(string instance, string chat, string id, string text, DateTimeOffset? at = null, string? participant = null) =>
        Envelope("messages.upsert", instance, Data(chat, false, id, text, at, "DELIVERY_ACK", "ios", participant));

    /// <summary>A customer's picture; with the file in it where one is given.</summary>
    public static byte[] Image(string instance, string chat, string id, string caption, byte[]? file = null) => Envelope("messages.upsert", instance, new
    {
        key = new { remoteJid = chat, fromMe = false, id },
        pushName = "Ines Okafor",
        status = "DELIVERY_ACK",
        message = new { imageMessage = new { url = "https://mmg.example/v/1.enc", mimetype = "image/jpeg", caption, fileLength = "1234", height = 10, width = 10 }, base64 = file is null ? null : Convert.ToBase64String(file) },
        messageType = "imageMessage",
        messageTimestamp = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(),
        instanceId = "0b6d",
        source = "ios",
    });

    /// <summary>A text of our own account: typed on the phone, or the echo of a send on another linked client.</summary>
    public static byte[] FromPhone(string instance, string chat, string id, string text) =>
        Envelope("messages.upsert", instance, Data(chat, true, id, text, null, "SERVER_ACK", "android", null));

    /// <summary>The gateway's own account of a send through its API.</summary>
    public static byte[] SendMessage(string instance, string chat, string id, string text) =>
        Envelope("send.message", instance, Data(chat, true, id, text, null, "PENDING", "web", null));

    public static byte[] Receipt(string instance, string chat, string id, string status) =>
        Envelope("messages.update", instance, new { keyId = id, remoteJid = chat, fromMe = true, status, instanceId = "0b6d", messageId = "row" });

    /// <summary>One member's receipt in a group.</summary>
    public static byte[] MembersReceipt(string instance, string group, string member, string id, string status) =>
        Envelope("messages.update", instance, new { keyId = id, remoteJid = group, participant = member, fromMe = true, status, instanceId = "0b6d", messageId = "row" });

    public static byte[] Connection(string instance, string state, int reason) =>
        Envelope("connection.update", instance, new { instance, state, statusReason = reason }, sender: null);

    public static byte[] Envelope(string name, string instance, object? data, string? sender = "12025550100@s.whatsapp.net") => JsonSerializer.SerializeToUtf8Bytes(
        new
        {
            @event = name,
            instance,
            data,
            destination = "https://elsewhere.example/hook",
            date_time = "2026-01-01T00:00:00.000Z",
            sender,
            server_url = "http://gateway.example",
            apikey = InstanceToken,
        },
        Writing);

    public static object Data(string chat, bool fromMe, string id, string text, DateTimeOffset? at, string status, string source, string? participant) => new
    {
        key = participant is null ? (object)new { remoteJid = chat, fromMe, id } : new { remoteJid = chat, fromMe, id, participant },
        pushName = fromMe ? "Você" : "Ines Okafor",
        status,
        message = new { conversation = text },
        contextInfo = (object?)null,
        messageType = "conversation",
        messageTimestamp = (at ?? TimeProvider.System.GetUtcNow()).ToUnixTimeSeconds(),
        instanceId = "0b6d",
        source,
    };
}
