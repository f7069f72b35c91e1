using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Channels.Core.Connectors;

/// <summary>One thing that is wrong with a connector's settings.</summary>
/// <param name="Field">The setting, as the kind spells it; as it was given where the kind has no such setting.</param>
/// <param name="Rule">The rule it breaks: <c>required, type, min_length</c>…</param>
/// <param name="Message">The rule in words. Never the value: it may be a secret.</param>
/// <param name="Remedy">What to do.</param>
public sealed record SettingsComplaint(string Field, string Rule, string Message, string Remedy)
{
    /// <summary>Rule and remedy in one sentence.</summary>
    public string Sentence => $"{Message}; {Remedy}.";
}

/// <summary>Settings as a kind's manifest wants them, and every complaint about them.</summary>
/// <param name="Settings">The settings under their canonical names. Of use only when there are no complaints.</param>
/// <param name="Complaints">All of them at once, so that a form is corrected once.</param>
public sealed record SettingsReading(JsonElement Settings, ImmutableArray<SettingsComplaint> Complaints)
{
    /// <summary>Whether the settings may be used.</summary>
    public bool IsValid => Complaints.IsEmpty;
}

/// <summary>Checks settings against a manifest's schema and brings their names into canonical form.</summary>
/// <remarks>
/// The part of JSON Schema that manifests use: <c>type, required, minLength, maxLength, pattern, format: uri, enum, minimum, maximum</c>;
/// objects within objects, whose fields are named with dots (<c>auth.username</c>); <c>anyOf</c> as a choice of what is required; unknown settings are
/// always a complaint. Ours: <c>x-aliases</c> (further names a setting is known by) and <c>x-remedy</c> (what to do);
/// <c>x-identifies</c> marks the settings that together name one account at the provider, which only one channel of a tenant may have.
/// Names are compared without case, underscores and dashes: <c>baseURL</c> is <c>base_url</c>.
/// </remarks>
public static class SettingsSchema
{
    private static readonly TimeSpan _patternTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>Reads the settings. Never throws, whatever the settings are.</summary>
    public static SettingsReading Read(JsonElement schema, JsonElement settings)
    {
        try
        {
            return ReadAll(schema, settings);
        }
        catch (InvalidOperationException)
        {
            // JSON allows a lone \ud83d in names and values; .NET hands such text out to nobody.
            return new(default, [new("settings", "characters", "hold broken characters (half of a surrogate pair)", "write them anew")]);
        }
    }

    /// <summary>A setting's canonical name; null where the kind has no such setting. The name must not hold broken characters.</summary>
    public static string? NameOf(JsonElement schema, string given) =>
        PropertiesOf(schema).FirstOrDefault(property => NamesOf(property.Name, property.Rules).Contains(Plain(given))).Name;

    private static SettingsReading ReadAll(JsonElement schema, JsonElement settings)
    {
        var complaints = ImmutableArray.CreateBuilder<SettingsComplaint>();
        if (settings.ValueKind is not (JsonValueKind.Object or JsonValueKind.Undefined or JsonValueKind.Null))
        {
            complaints.Add(new("settings", "type", "must be a JSON object", "give a name and a value for each setting"));
        }

        var read = ReadObject(schema, settings, "", complaints);
        return new(read, complaints.DrainToImmutable());
    }

    /// <summary>An object under its canonical names.</summary>
    private static JsonElement ReadObject(JsonElement schema, JsonElement given, string within, ImmutableArray<SettingsComplaint>.Builder complaints)
    {
        var values = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        var properties = PropertiesOf(schema);
        Collect(given, properties, values, within, complaints);
        foreach (var (name, rules) in properties)
        {
            Check(name, rules, values, IsRequired(schema, name), within, complaints);
        }

        if (ChoicesOf(schema) is { IsEmpty: false } choices && !choices.Any(choice => choice.All(values.ContainsKey)))
        {
            var others = string.Join(" or ", choices.Skip(1).Select(choice => string.Join(" and ", choice.Select(name => within + name))));
            complaints.Add(new(within + choices[0][0], "required", $"is missing{(others.Length > 0 ? $", and so is {others}" : "")}", Remedy(schema, "give one of them")));
        }

        return JsonSerializer.SerializeToElement(values);
    }

    /// <summary>The sets of names of which one must be there.</summary>
    private static ImmutableArray<ImmutableArray<string>> ChoicesOf(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("anyOf", out var choices) && choices.ValueKind == JsonValueKind.Array
            ? [.. choices.EnumerateArray().Select(RequiredBy).Where(names => !names.IsEmpty)]
            : [];

    private static ImmutableArray<(string Name, JsonElement Rules)> PropertiesOf(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object
            ? [.. properties.EnumerateObject().Select(property => (property.Name, property.Value))]
            : [];

    private static void Collect(
        JsonElement settings,
        ImmutableArray<(string Name, JsonElement Rules)> properties,
        Dictionary<string, JsonElement> values,
        string within,
        ImmutableArray<SettingsComplaint>.Builder complaints)
    {
        if (settings.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var given in settings.EnumerateObject())
        {
            var plain = Plain(given.Name);
            var known = properties.FirstOrDefault(property => NamesOf(property.Name, property.Rules).Contains(plain));
            if (known.Name is null)
            {
                var names = string.Join(", ", properties.Select(property => property.Name));
                complaints.Add(new(within + Shown(given.Name), "unknown", "there is no such setting here", $"remove it (known are: {(names.Length > 0 ? names : "none")})"));
            }
            else if (!values.TryAdd(known.Name, given.Value.Clone()))
            {
                complaints.Add(new(within + known.Name, "duplicate", "given more than once, in different spellings", "keep one"));
            }
        }
    }

    private static void Check(
        string name, JsonElement rules, Dictionary<string, JsonElement> values, bool required, string within, ImmutableArray<SettingsComplaint>.Builder complaints)
    {
        if (!values.TryGetValue(name, out var value) || (value.ValueKind == JsonValueKind.Null && !Allows(rules, "null")))
        {
            values.Remove(name);
            if (required)
            {
                complaints.Add(new(within + name, "required", "is missing", Remedy(rules, "give it a value")));
            }

            return;
        }

        foreach (var (rule, text) in Broken(rules, value))
        {
            complaints.Add(new(within + name, rule, text, Remedy(rules, "change it")));
        }

        if (value.ValueKind == JsonValueKind.Object && !PropertiesOf(rules).IsEmpty)
        {
            values[name] = ReadObject(rules, value, $"{within}{name}.", complaints);
        }
    }

    private static IEnumerable<(string Rule, string Text)> Broken(JsonElement rules, JsonElement value)
    {
        if (!TypesOf(rules).Any(type => IsOfType(value, type)))
        {
            return [("type", $"must be of type {string.Join(" or ", TypesOf(rules))}")];
        }

        return value.ValueKind switch
        {
            JsonValueKind.String => BrokenText(rules, value.GetString()!).Concat(BrokenChoice(rules, value)),
            JsonValueKind.Number => BrokenNumber(rules, value.GetDouble()).Concat(BrokenChoice(rules, value)),
            _ => BrokenChoice(rules, value),
        };
    }

    private static IEnumerable<(string Rule, string Text)> BrokenText(JsonElement rules, string text)
    {
        if (Limit(rules, "minLength") is { } least && text.Length < least)
        {
            yield return ("min_length", $"needs {Words(least)} characters or more and has {text.Length}");
        }

        if (Limit(rules, "maxLength") is { } most && text.Length > most)
        {
            yield return ("max_length", $"may have {Words(most)} characters at the most and has {text.Length}");
        }

        if (TextOf(rules, "format") == "uri" && !Uri.TryCreate(text, UriKind.Absolute, out _))
        {
            yield return ("format", "must be a full address such as https://gateway.example");
        }

        if (TextOf(rules, "pattern") is { } pattern && !Matches(pattern, text))
        {
            yield return ("pattern", $"must match {pattern}");
        }
    }

    private static IEnumerable<(string Rule, string Text)> BrokenNumber(JsonElement rules, double number)
    {
        if (Limit(rules, "minimum") is { } least && number < least)
        {
            yield return ("minimum", $"must be {Words(least)} or more");
        }

        if (Limit(rules, "maximum") is { } most && number > most)
        {
            yield return ("maximum", $"must be {Words(most)} or less");
        }
    }

    private static IEnumerable<(string Rule, string Text)> BrokenChoice(JsonElement rules, JsonElement value)
    {
        if (rules.TryGetProperty("enum", out var choices) && choices.ValueKind == JsonValueKind.Array
            && !choices.EnumerateArray().Any(choice => JsonElement.DeepEquals(choice, value)))
        {
            yield return ("enum", $"must be one of {string.Join(", ", choices.EnumerateArray())}");
        }
    }

    private static bool Matches(string pattern, string text)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, _patternTimeout);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    private static bool IsOfType(JsonElement value, string type) => type switch
    {
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "number" => value.ValueKind == JsonValueKind.Number,
        "array" => value.ValueKind == JsonValueKind.Array,
        "object" => value.ValueKind == JsonValueKind.Object,
        "null" => value.ValueKind == JsonValueKind.Null,
        _ => true,
    };

    private static bool Allows(JsonElement rules, string type) => TypesOf(rules).Contains(type);

    private static ImmutableArray<string> TypesOf(JsonElement rules) =>
        !rules.TryGetProperty("type", out var type) ? ["any"]
        : type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray().Select(one => one.ToString())]
        : [type.ToString()];

    private static bool IsRequired(JsonElement schema, string name) => RequiredBy(schema).Contains(name);

    private static ImmutableArray<string> RequiredBy(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("required", out var required) && required.ValueKind == JsonValueKind.Array
            ? [.. required.EnumerateArray().Where(one => one.ValueKind == JsonValueKind.String).Select(one => one.GetString()!)]
            : [];

    private static IEnumerable<string> NamesOf(string name, JsonElement rules)
    {
        yield return Plain(name);
        if (rules.TryGetProperty("x-aliases", out var aliases) && aliases.ValueKind == JsonValueKind.Array)
        {
            foreach (var alias in aliases.EnumerateArray())
            {
                yield return Plain(alias.ToString());
            }
        }
    }

    private static string Plain(string name) =>
        string.Concat(name.Where(c => c is not ('_' or '-'))).ToLowerInvariant();

    private static string Shown(string name) => name.Length <= 64 ? name : name[..64];

    private static double? Limit(JsonElement rules, string name) =>
        rules.TryGetProperty(name, out var limit) && limit.ValueKind == JsonValueKind.Number ? limit.GetDouble() : null;

    private static string? TextOf(JsonElement rules, string name) =>
        rules.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    private static string Remedy(JsonElement rules, string otherwise) => TextOf(rules, "x-remedy") ?? otherwise;

    private static string Words(double limit) => limit.ToString(CultureInfo.InvariantCulture);
}
