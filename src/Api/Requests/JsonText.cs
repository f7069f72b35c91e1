using System.Text.Json;
using Channels.Api.Errors;

namespace Channels.Api.Requests;

/// <summary>Finds text nobody can keep: JSON can write NUL and half a surrogate pair, Postgres and .NET cannot hold them.</summary>
internal static class JsonText
{
    /// <summary>A complaint for each member that holds such text, at any depth.</summary>
    public static List<FieldComplaint> Check(JsonElement root)
    {
        var complaints = new List<FieldComplaint>();
        foreach (var member in root.EnumerateObject())
        {
            if (Problem(() => member.Name) is { } inName)
            {
                complaints.Add(new("(name)", $"the name of a field {inName}"));
            }
            else if (Problem(member.Value) is { } inValue)
            {
                complaints.Add(new(member.Name, inValue));
            }
        }

        return complaints;
    }

    // The reader's depth limit bounds the recursion.
    private static string? Problem(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Problem(() => value.GetString()!),
        JsonValueKind.Array => value.EnumerateArray().Select(Problem).FirstOrDefault(problem => problem is not null),
        JsonValueKind.Object => value.EnumerateObject().Select(member => Problem(() => member.Name) ?? Problem(member.Value)).FirstOrDefault(problem => problem is not null),
        _ => null,
    };

    private static string? Problem(Func<string> text)
    {
        try
        {
            return BrokenText.In(text());
        }
        catch (InvalidOperationException)
        {
            // What .NET refuses to make a text of.
            return BrokenText.HalfPair;
        }
    }
}
