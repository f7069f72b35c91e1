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
        var parameters = flow.Text("paramsJson") ?? flow.Text("paramsJSON");
        var (chosen, title) = Chosen(parameters);
        var text = leaf.Member("body").Filled("text") ?? title;
        return chosen is null && parameters is not null
            ? message with { Kind = EventKinds.MessageFormReply, Text = text, Payload = parameters }
            : message with { Kind = EventKinds.MessageButtonReply, Text = text, Payload = chosen };
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
