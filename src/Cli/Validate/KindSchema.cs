using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Cli.Api;
using Channels.Cli.Output;

namespace Channels.Cli.Validate;

/// <summary>Reads a channel kind as <c>GET /api/channels</c> shows it: its settings, which of them are needed, which are secrets.</summary>
internal static class KindSchema
{
    /// <summary>The kind of that id, or undefined.</summary>
    public static JsonElement Find(JsonElement kinds, string id) => kinds.Items("channels").FirstOrDefault(kind => kind.Text("id") == id);

    /// <summary>The settings in the order in which the kind lists them.</summary>
    public static IEnumerable<JsonProperty> PropertiesOf(JsonElement kind) =>
        kind.Member("settings_schema").Member("properties") is { ValueKind: JsonValueKind.Object } properties ? properties.EnumerateObject() : [];

    /// <summary>One setting's rules, by its name or one of its aliases; undefined when there is none.</summary>
    public static JsonElement PropertyOf(JsonElement kind, string name) =>
        PropertiesOf(kind).Where(property => IsNamed(property, Plain(name))).Select(property => property.Value).FirstOrDefault();

    /// <summary>What types a setting may have; none where the schema does not say.</summary>
    public static IReadOnlyList<string> TypesOf(JsonElement property) =>
        property.Text("type") is { } one ? [one] : [.. property.Items("type").Select(type => type.ToString())];

    /// <summary>Whether a channel cannot do without it.</summary>
    public static bool IsRequired(JsonElement kind, string name) => kind.Member("settings_schema").Items("required").Any(one => one.ToString() == name);

    /// <summary>Whether it must not be seen.</summary>
    public static bool IsSecret(JsonElement property) => property.IsTrue("writeOnly");

    /// <summary>Whatever a provider repeats of the secrets it was shown stays unseen.</summary>
    public static void HideSecrets(Report report, JsonElement kind, JsonObject settings)
    {
        foreach (var (name, value) in settings)
        {
            var property = PropertyOf(kind, name);
            if (IsSecret(property) || (property.ValueKind == JsonValueKind.Undefined && SoundsSecret(name)))
            {
                foreach (var written in TextsIn(value))
                {
                    report.Hide(written);
                }
            }
        }
    }

    private static IEnumerable<string> TextsIn(JsonNode? value) => value switch
    {
        JsonObject members => members.SelectMany(member => TextsIn(member.Value)),
        JsonArray items => items.SelectMany(TextsIn),
        JsonValue text when text.TryGetValue<string>(out var written) => [written],
        _ => [],
    };

    private static bool SoundsSecret(string name) =>
        ((string[])["key", "token", "secret", "password"]).Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static bool IsNamed(JsonProperty property, string plain) =>
        Plain(property.Name) == plain || property.Value.Items("x-aliases").Any(alias => Plain(alias.ToString()) == plain);

    // As the server compares them: baseURL is base_url.
    private static string Plain(string name) => string.Concat(name.Where(letter => letter is not ('_' or '-'))).ToLowerInvariant();
}
