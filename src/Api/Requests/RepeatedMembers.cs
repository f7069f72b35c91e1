using System.Text.Json;
using Channels.Api.Errors;

namespace Channels.Api.Requests;

/// <summary>Finds members that stand twice in one JSON object. JSON allows it and says nothing of what it means: one reader takes the first, another the last.</summary>
internal static class RepeatedMembers
{
    /// <summary>More are not told: a body of a megabyte can hold tens of thousands, each with a long way to it.</summary>
    private const int MostTold = 20;

    /// <summary>A complaint for each member that is repeated, at any depth. Only for what <see cref="JsonText"/> finds nothing wrong with: broken names cannot be read.</summary>
    public static List<FieldComplaint> Check(JsonElement root)
    {
        var complaints = new List<FieldComplaint>();
        Walk(root, [], complaints);
        return complaints;
    }

    // The reader's depth limit bounds the recursion. The way is put into words only where there is something to say: written for each of many items it would be far longer than the body.
    private static void Walk(JsonElement value, List<string> way, List<FieldComplaint> complaints)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var seen = new Dictionary<string, bool>(StringComparer.Ordinal);
                foreach (var member in value.EnumerateObject())
                {
                    if (complaints.Count == MostTold)
                    {
                        return;
                    }

                    way.Add(way.Count == 0 ? member.Name : $".{member.Name}");
                    if (seen.TryAdd(member.Name, false))
                    {
                        Walk(member.Value, way, complaints);
                    }
                    else if (!seen[member.Name])
                    {
                        seen[member.Name] = true;
                        complaints.Add(new(string.Concat(way), "is given more than once; keep one."));
                    }

                    way.RemoveAt(way.Count - 1);
                }

                break;
            case JsonValueKind.Array:
                foreach (var (index, item) in value.EnumerateArray().Index())
                {
                    way.Add($"[{index}]");
                    Walk(item, way, complaints);
                    way.RemoveAt(way.Count - 1);
                }

                break;
        }
    }
}
