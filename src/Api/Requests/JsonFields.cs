using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Channels.Api.Errors;

namespace Channels.Api.Requests;

/// <summary>Checks a JSON object's members against a request type: what must be there, and of which type. One rule for all requests.</summary>
internal static class JsonFields
{
    /// <summary>All complaints; empty when the object can be read as the type.</summary>
    public static List<FieldComplaint> Check(Type type, JsonElement root)
    {
        var complaints = new List<FieldComplaint>();
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var name = JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
            var given = root.TryGetProperty(name, out var value);
            if (!given || value.ValueKind == JsonValueKind.Null)
            {
                if (IsRequired(property))
                {
                    complaints.Add(new(name, $"is missing; give {WordFor(property.PropertyType)}."));
                }
            }
            else if (Wrong(property.PropertyType, value) is { } message)
            {
                complaints.Add(new(name, message));
            }
        }

        return complaints;
    }

    /// <summary>The object as the type, without the members that are complained of; a text that is required is empty then.</summary>
    public static T Read<T>(JsonElement root, List<FieldComplaint> misread)
        where T : class
    {
        if (misread.Count == 0)
        {
            return root.Deserialize<T>(ApiJson.Options)!;
        }

        var wrong = misread.Select(complaint => complaint.Field).ToHashSet(StringComparer.Ordinal);
        var members = root.EnumerateObject().Where(member => !wrong.Contains(member.Name)).ToDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal);
        foreach (var name in typeof(T).GetProperties().Where(IsRequired).Select(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name)).Where(wrong.Contains))
        {
            members[name] = JsonSerializer.SerializeToElement("");
        }

        return JsonSerializer.SerializeToElement(members).Deserialize<T>(ApiJson.Options)!;
    }

    /// <summary>Whether a request cannot do without it.</summary>
    public static bool IsRequired(PropertyInfo property) => property.IsDefined(typeof(RequiredMemberAttribute));

    private static string? Wrong(Type type, JsonElement value)
    {
        try
        {
            value.Deserialize(type, ApiJson.Options);
            return null;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or FormatException)
        {
            return $"must be {WordFor(type)}.";
        }
    }

    /// <summary>What a value of this type is called in a complaint.</summary>
    public static string WordFor(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var plain when plain == typeof(string) => "a text",
        var plain when plain == typeof(bool) => "true or false",
        var plain when plain == typeof(Guid) => "an id (a UUID)",
        var plain when plain == typeof(int) || plain == typeof(long) => "a whole number",
        var plain when plain == typeof(double) => "a number",
        var plain when plain == typeof(DateTimeOffset) => "a time in ISO 8601",
        var plain when plain == typeof(IReadOnlyList<string>) => "a list of texts",
        var plain when plain == typeof(JsonElement) => "a JSON object",
        _ => "a value of the described form",
    };
}
