using System.Text.Json;
using Channels.Api.Errors;

namespace Channels.Api.Requests;

/// <summary>Finds members that stand twice in one JSON object. JSON allows it and says nothing of what it means: one reader takes the first, another the last.</summary>
internal static class RepeatedMembers
{
    /// <summary>One complaint for each member that is repeated, at any depth. Only for what <see cref="JsonText"/> finds nothing wrong with: broken names cannot be read.</summary>
    public static List<FieldComplaint> Check(JsonElement root)
    {
        var complaints = new List<FieldComplaint>();
        Walk(root, "", complaints);
        return complaints;
    }

    // The reader's depth limit bounds the recursion.
    private static void Walk(JsonElement value, string path, List<FieldComplaint> complaints)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var seen = new Dictionary<string, bool>(StringComparer.Ordinal);
                foreach (var member in value.EnumerateObject())
                {
                    var field = path.Length == 0 ? member.Name : $"{path}.{member.Name}";
                    if (seen.TryAdd(member.Name, false))
                    {
                        Walk(member.Value, field, complaints);
                    }
                    else if (!seen[member.Name])
                    {
                        seen[member.Name] = true;
                        complaints.Add(new(field, "is given more than once; keep one."));
                    }
                }

                break;
            case JsonValueKind.Array:
                foreach (var (index, item) in value.EnumerateArray().Index())
                {
                    Walk(item, $"{path}[{index}]", complaints);
                }

                break;
        }
    }
}
