using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;

namespace Channels.Connectors.Waha;

/// <summary>Finds WhatsApp's own message inside a payload, where the engine hands it on.</summary>
internal static class WahaContent
{
    /// <summary>NOWEB: <c>_data.message</c>; GOWS: <c>_data.Message</c>, its wrappings partly told by flags beside it. The browser engines have none.</summary>
    public static WhatsAppContent Of(JsonElement payload)
    {
        var data = payload.Member("_data");
        var raw = data.Member("message") is { ValueKind: JsonValueKind.Object } message ? message
            : data.Member("Message") is { ValueKind: JsonValueKind.Object } other ? other
            : data.Member("RawMessage");
        var content = WhatsAppUnwrap.Open(raw);
        return data.Flag("IsViewOnce") == true || data.Flag("isViewOnce") == true ? content with { ViewOnce = true } : content;
    }

    /// <summary>NOWEB's mark of a message that may be seen once: WhatsApp hands it to the phone alone, and it does not follow later.</summary>
    public static bool IsForThePhoneOnly(JsonElement payload) => payload.Member("_data").Member("key").Flag("isViewOnce") == true;

    /// <summary>Why nothing was read.</summary>
    public static string WhyEmpty(JsonElement payload, WhatsAppContent content) => content.Housekeeping switch
    {
        { } name => $"only {name}",
        null when IsNote(payload) => "a note of WhatsApp's own, not a message",
        null => "nothing readable in the message",
    };

    private static bool IsNote(JsonElement payload)
    {
        var data = payload.Member("_data");
        return !data.Member("messageStubType").IsNothing() || WahaWebTypes.IsNote(data.Text("type"));
    }
}
