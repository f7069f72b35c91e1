using System.Buffers;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;

namespace Channels.Connectors.Evolution;

/// <summary>What stands around every Evolution event: which event, which instance, our own address.</summary>
/// <param name="Event">The event's name in lower case with dots, whichever way it was spelled.</param>
/// <param name="Account">The instance.</param>
/// <param name="Own">Our own address. The body calls it <c>sender</c>; it is never the customer. Absent before pairing.</param>
/// <param name="Data">The event's content: an object, an array or null, depending on event and version.</param>
internal readonly record struct EvolutionEnvelope(string Event, string? Account, WhatsAppJid? Own, JsonElement Data)
{
    /// <summary>Why what stands in <c>status@broadcast</c> is ignored.</summary>
    public const string Stories = "status@broadcast (stories)";

    private static readonly SearchValues<char> _plain = SearchValues.Create("abcdefghijklmnopqrstuvwxyz.");

    public static EvolutionEnvelope Read(JsonElement root, string path)
    {
        var instance = root.Member("instance");
        return new(
            Normal(root.Filled("event") ?? LastSegment(path)),
            instance.IsObject() ? instance.Id("instanceName") ?? instance.Id("name") : root.Id("instance"),
            WhatsAppJid.Parse(root.Text("sender")),
            root.Member("data"));
    }

    /// <summary>The data's items: itself, or each item of an array. Gateways of all versions do both.</summary>
    public IEnumerable<JsonElement> Items(string listName)
    {
        var data = Data;
        if (data.Member(listName) is { ValueKind: JsonValueKind.Array } list)
        {
            data = list;
        }

        return data.IsArray() ? data.EnumerateArray() : [data];
    }

    public ChannelEvent Ignored(string reason) =>
        new() { Kind = EventKinds.Ignored, Action = EventAction.Ignore, Account = Account, Reason = reason };

    /// <summary><c>MESSAGES_UPSERT</c>, <c>messages-upsert</c> and <c>messages.upsert</c> are one event.</summary>
    private static string Normal(string name) =>
        name.AsSpan().ContainsAnyExcept(_plain)
            ? name.ToLowerInvariant().Replace('_', '.').Replace('-', '.')
            : name;

    /// <summary>With "webhook by events" the name is the last part of the path, perhaps after a secret.</summary>
    private static string LastSegment(string path)
    {
        var end = path.TrimEnd('/');
        return end[(end.LastIndexOf('/') + 1)..];
    }
}
