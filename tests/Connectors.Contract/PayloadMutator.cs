using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Channels.Connectors.Contract;

/// <summary>Spoils payloads in the ways providers and attackers do: cut short, bytes flipped, types swapped, members removed or doubled. Seeded: a failure repeats.</summary>
public sealed class PayloadMutator(int seed)
{
    private readonly Random _random = new(seed);

    public byte[] Mutate(ReadOnlySpan<byte> payload) => _random.Next(4) switch
    {
        0 => payload[.._random.Next(payload.Length)].ToArray(),
        1 => Flipped(payload),
        _ => Restructured(payload),
    };

    private byte[] Flipped(ReadOnlySpan<byte> payload)
    {
        var bytes = payload.ToArray();
        for (var i = _random.Next(1, 6); i > 0; i--)
        {
            bytes[_random.Next(bytes.Length)] = (byte)_random.Next(256);
        }

        return bytes;
    }

    private byte[] Restructured(ReadOnlySpan<byte> payload)
    {
        try
        {
            var root = JsonNode.Parse(payload);
            for (var i = _random.Next(1, 4); i > 0; i--)
            {
                SpoilOne(root);
            }

            // Escapes that .NET parses and cannot hand out are put in last, as text.
            var text = root?.ToJsonString() ?? "null";
            return Encoding.UTF8.GetBytes(text.Replace("SPOILT", _random.Next(2) == 0 ? "\\ud800" : "\\u0000", StringComparison.Ordinal));
        }
        catch (Exception unwritable) when (unwritable is JsonException or InvalidOperationException or ArgumentException)
        {
            // It was spoilt before: the node classes are less patient than our parser must be.
            return Flipped(payload);
        }
    }

    private void SpoilOne(JsonNode? root)
    {
        var places = new List<(JsonNode Parent, string? Name, int Index)>();
        Collect(root, places);
        if (places.Count == 0)
        {
            return;
        }

        var (parent, name, index) = places[_random.Next(places.Count)];
        if (parent is JsonObject members && name is not null)
        {
            if (_random.Next(5) == 0)
            {
                members.Remove(name);
            }
            else
            {
                members[name] = Strange(members[name]);
            }
        }
        else if (parent is JsonArray items)
        {
            items[index] = Strange(items[index]);
        }
    }

    private JsonNode? Strange(JsonNode? value) => _random.Next(14) switch
    {
        0 => null,
        1 => JsonValue.Create(true),
        2 => JsonValue.Create(_random.NextInt64()),
        3 => JsonValue.Create(-1.5e300),
        4 => JsonValue.Create(""),
        5 => JsonValue.Create("SPOILT text SPOILT"),
        6 => new JsonArray(value?.DeepClone(), value?.DeepClone()),
        7 => new JsonObject { ["message"] = value?.DeepClone() },
        8 => new JsonObject { ["low"] = -1, ["high"] = 5_000_000_000, ["SPOILT"] = 1 },
        9 => JsonValue.Create(new string('x', 5000)),
        10 => JsonValue.Create("@@:.@lid"),
        11 => new JsonObject { ["0"] = 1, ["999999999"] = 2 },
        12 => new JsonObject { ["type"] = "Buffer", ["data"] = new JsonArray(1, 300, "x") },
        _ => new JsonArray(),
    };

    private static void Collect(JsonNode? node, List<(JsonNode Parent, string? Name, int Index)> places)
    {
        if (node is JsonObject members)
        {
            foreach (var (name, value) in members)
            {
                places.Add((members, name, 0));
                Collect(value, places);
            }
        }
        else if (node is JsonArray items)
        {
            for (var i = 0; i < items.Count; i++)
            {
                places.Add((items, null, i));
                Collect(items[i], places);
            }
        }
    }
}
