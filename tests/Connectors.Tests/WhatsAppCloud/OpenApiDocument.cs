using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Channels.Connectors.Tests.WhatsAppCloud;

/// <summary>An OpenAPI 3.1 document in YAML, and what it has against a request's body.</summary>
/// <remarks>
/// Not a JSON Schema library, and not only because none of those with a licence for this restores here: Meta writes <c>allOf: [common, {additionalProperties: false}]</c>,
/// which in JSON Schema's words refuses every message there is, Meta's own examples included. What is meant is that the parts together are closed, and so it is read here.
/// A keyword that this does not know is an error, so that none is passed over in silence.
/// </remarks>
internal sealed class OpenApiDocument
{
    private static readonly HashSet<string> _words = ["description", "example", "examples", "title", "default", "format", "discriminator"];
    private readonly JsonObject _root;

    private OpenApiDocument(JsonObject root) => _root = root;

    public static OpenApiDocument Load(string path)
    {
        using var text = File.OpenText(path);
        var yaml = new YamlStream();
        yaml.Load(text);
        return new((JsonObject)Convert(yaml.Documents[0].RootNode)!);
    }

    /// <summary>Whether a call must have a body.</summary>
    public bool NeedsBody(string path) => (bool?)Operation(path)["requestBody"]?["required"] != false;

    /// <summary>What the document has against a body that is posted; each as the place and what is wrong there. Nothing when it fits.</summary>
    public IReadOnlyList<string> Complaints(string path, JsonObject body, string contentType = "application/json")
    {
        var complaints = new List<string>();
        Check((JsonObject)Operation(path)["requestBody"]!["content"]![contentType]!["schema"]!, body, "", complaints);
        return complaints;
    }

    private JsonObject Operation(string path) => (JsonObject)_root["paths"]![path]!["post"]!;

    private void Check(JsonObject written, JsonNode? value, string at, List<string> complaints)
    {
        var schema = Resolve(written);
        if (schema["discriminator"] is JsonObject choice)
        {
            var name = (string)choice["propertyName"]!;
            if ((string?)value?[name] is { } chosen && choice["mapping"]![chosen] is { } mapped)
            {
                Check(new JsonObject { ["$ref"] = (string)mapped! }, value, at, complaints);
            }
            else
            {
                complaints.Add($"{at}/{name}: says nothing that is described");
            }

            return;
        }

        if (schema["allOf"] is JsonArray parts)
        {
            schema = Together(parts);
        }

        foreach (var (keyword, rule) in schema)
        {
            switch (keyword)
            {
                case "type" when !IsOf((string)rule!, value):
                    complaints.Add($"{at}: is no {rule}");
                    return;
                case "enum" when !((JsonArray)rule!).Any(one => JsonNode.DeepEquals(one, value)):
                    complaints.Add($"{at}: is none of {string.Join(", ", (JsonArray)rule!)}");
                    break;
                case "required":
                    complaints.AddRange(((JsonArray)rule!).Where(name => value is JsonObject of && !of.ContainsKey((string)name!)).Select(name => $"{at}/{name}: is missing"));
                    break;
                case "properties" when value is JsonObject of:
                    foreach (var (name, member) in of)
                    {
                        if (rule![name] is JsonObject known)
                        {
                            Check(known, member, $"{at}/{name}", complaints);
                        }
                        else if (schema["additionalProperties"] is JsonValue open && !(bool)open)
                        {
                            complaints.Add($"{at}/{name}: is not described");
                        }
                    }

                    break;
                case "items" when value is JsonArray list:
                    foreach (var (index, item) in list.Index())
                    {
                        Check((JsonObject)rule!, item, $"{at}/{index}", complaints);
                    }

                    break;
                case "oneOf":
                    var fitting = ((JsonArray)rule!).Count(one => Fits((JsonObject)one!, value));
                    if (fitting != 1)
                    {
                        complaints.Add($"{at}: fits {fitting} of the forms that are described");
                    }

                    break;
                case "maxLength" when ((string)value!).Length > (int)rule!:
                case "minLength" when ((string)value!).Length < (int)rule!:
                case "minItems" when ((JsonArray)value!).Count < (int)rule!:
                case "maxItems" when ((JsonArray)value!).Count > (int)rule!:
                    complaints.Add($"{at}: {keyword} is {rule}");
                    break;
                case "pattern" when !Regex.IsMatch((string)value!, (string)rule!, RegexOptions.None, TimeSpan.FromSeconds(1)):
                    complaints.Add($"{at}: does not match {rule}");
                    break;
                case "type" or "enum" or "properties" or "items" or "maxLength" or "minLength" or "minItems" or "maxItems" or "pattern" or "additionalProperties":
                case var word when _words.Contains(word):
                    break;
                default:
                    throw new NotSupportedException($"The document says '{keyword}' at {at}, which this does not understand.");
            }
        }
    }

    private bool Fits(JsonObject schema, JsonNode? value)
    {
        var complaints = new List<string>();
        Check(schema, value, "", complaints);
        return complaints.Count == 0;
    }

    private JsonObject Together(JsonArray parts)
    {
        var (properties, required, whole) = (new JsonObject(), new JsonArray(), new JsonObject { ["type"] = "object" });
        foreach (var part in parts.Select(part => Resolve((JsonObject)part!)))
        {
            foreach (var (name, member) in (JsonObject?)part["properties"] ?? new JsonObject())
            {
                // The narrower of two: the common part says "a string", the message's own part which.
                if (!properties.ContainsKey(name) || member!["enum"] is not null)
                {
                    properties[name] = member!.DeepClone();
                }
            }

            foreach (var name in (JsonArray?)part["required"] ?? new JsonArray())
            {
                required.Add(name!.DeepClone());
            }

            if (part["additionalProperties"] is JsonValue open && !(bool)open)
            {
                whole["additionalProperties"] = false;
            }

            if (part.Select(member => member.Key).Except(["type", "properties", "required", "additionalProperties", .. _words]).ToList() is [_, ..] unknown)
            {
                throw new NotSupportedException($"The document says '{unknown[0]}' in a part of a whole, which this does not understand.");
            }
        }

        (whole["properties"], whole["required"]) = (properties, required);
        return whole;
    }

    // In 3.1 a reference may have words beside it, which change nothing.
    private JsonObject Resolve(JsonObject schema)
    {
        while ((string?)schema["$ref"] is { } reference)
        {
            JsonNode at = _root;
            foreach (var step in reference[2..].Split('/'))
            {
                at = at[step] ?? throw new InvalidOperationException($"The document refers to {reference}, which it does not have.");
            }

            schema = (JsonObject)at;
        }

        return schema;
    }

    private static bool IsOf(string type, JsonNode? value) => type switch
    {
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        _ => value is JsonValue scalar && scalar.GetValueKind() switch
        {
            System.Text.Json.JsonValueKind.String => type == "string",
            System.Text.Json.JsonValueKind.Number => type is "number" or "integer",
            System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False => type == "boolean",
            _ => false,
        },
    };

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, Convert(pair.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Convert)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" } => JsonValue.Create(true),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "false" } => JsonValue.Create(false),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "null" or "~" or "" } => null,
        YamlScalarNode { Style: ScalarStyle.Plain } number when int.TryParse(number.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => throw new NotSupportedException(node.GetType().Name),
    };
}
