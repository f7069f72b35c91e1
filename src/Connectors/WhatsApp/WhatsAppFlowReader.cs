using System.Text;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsApp;

/// <summary>Reads the answer to a native-flow message: a button, a list row or a filled form. What was chosen is JSON inside a text.</summary>
internal static class WhatsAppFlowReader
{
    public static ChannelEvent Read(ChannelEvent message, JsonElement leaf)
    {
        var flow = leaf.Member("nativeFlowResponseMessage") is { ValueKind: JsonValueKind.Object } plain
            ? plain
            : leaf.Member("InteractiveResponseMessage").Member("NativeFlowResponseMessage");
        return Answer(message, leaf.Member("body").Filled("text"), flow.Filled("name"), flow.Text("paramsJson") ?? flow.Text("paramsJSON"));
    }

    /// <summary>The same as WhatsApp Web keeps it, which is all that the browser engines hand on.</summary>
    public static ChannelEvent ReadTyped(ChannelEvent message, JsonElement data)
    {
        var flow = data.Member("interactivePayload");
        return Answer(message, data.Filled("body"), flow.Filled("name") ?? data.Filled("nativeFlowName"), flow.Text("paramsJson") ?? flow.Text("buttonParamsJson"));
    }

    private static ChannelEvent Answer(ChannelEvent message, string? text, string? name, string? parameters)
    {
        var (chosen, title) = Chosen(parameters);
        message = message with { Text = text ?? title };
        return name switch
        {
            // A field of a form may be called "id" too.
            "galaxy_message" or "form_message" or "flow" or "cta_flow" => message with { Kind = EventKinds.MessageFormReply, Payload = parameters },
            "single_select" or "menu_options" => message with { Kind = EventKinds.MessageListReply, Payload = chosen },
            "quick_reply" => message with { Kind = EventKinds.MessageButtonReply, Payload = chosen },
            _ when chosen is null && parameters is not null => message with { Kind = EventKinds.MessageFormReply, Payload = parameters },
            _ => message with { Kind = EventKinds.MessageButtonReply, Payload = chosen },
        };
    }

    private static (string? Id, string? Title) Chosen(string? parameters)
    {
        if (parameters is null)
        {
            return default;
        }

        using var document = JsonBody.TryRead(Encoding.UTF8.GetBytes(parameters), out _);
        return document is null
            ? default
            : (document.RootElement.Id("id"), document.RootElement.Filled("title") ?? document.RootElement.Filled("display_text"));
    }
}
