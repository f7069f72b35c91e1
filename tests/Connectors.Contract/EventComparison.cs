using System.Buffers;
using System.Text.Json;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Contract;

/// <summary>Compares what a parser made with what an index expects: every named field equal, further fields allowed, none missing.</summary>
public static class EventComparison
{
    public static void Equal(JsonElement expected, Normalised actual)
    {
        var events = Assert.IsType<Normalised.Events>(actual).Items;
        Equal(expected, JsonSerializer.SerializeToElement(events.Select(AsJson)));
    }

    /// <summary>The same for events as the API shows them.</summary>
    public static void Equal(JsonElement expected, JsonElement actual)
    {
        Assert.True(expected.GetArrayLength() == actual.GetArrayLength(), $"expected {expected.GetArrayLength()} events, got {actual.GetArrayLength()}: {actual}");
        for (var i = 0; i < actual.GetArrayLength(); i++)
        {
            Covers(expected[i], actual[i], $"events[{i}]");
        }
    }

    public static JsonElement AsJson(ChannelEvent happened)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            ChannelEventJson.Write(writer, happened);
        }

        return JsonSerializer.Deserialize<JsonElement>(bytes.WrittenSpan);
    }

    private static void Covers(JsonElement expected, JsonElement actual, string at)
    {
        if (expected.ValueKind == JsonValueKind.Object && actual.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in expected.EnumerateObject())
            {
                Assert.True(actual.TryGetProperty(member.Name, out var value), $"{at}.{member.Name} is missing; expected {member.Value}");
                Covers(member.Value, value, $"{at}.{member.Name}");
            }
        }
        else if (expected.ValueKind == JsonValueKind.Array && actual.ValueKind == JsonValueKind.Array)
        {
            Assert.True(expected.GetArrayLength() == actual.GetArrayLength(), $"{at}: expected {expected}, got {actual}");
            for (var i = 0; i < expected.GetArrayLength(); i++)
            {
                Covers(expected[i], actual[i], $"{at}[{i}]");
            }
        }
        else
        {
            Assert.True(JsonElement.DeepEquals(expected, actual), $"{at}: expected {Shown(expected)}, got {Shown(actual)}");
        }
    }

    private static string Shown(JsonElement value) => $"{value.ValueKind} {value.GetRawText()}";
}
