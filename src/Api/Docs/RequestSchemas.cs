using System.Reflection;
using System.Text.Json;
using Channels.Api.Requests;
using Microsoft.OpenApi;

namespace Channels.Api.Docs;

/// <summary>Says of a request's schema what the request is refused without: the generator only knows what C# requires, and takes every member of a positional record for that.</summary>
internal static class RequestSchemas
{
    public static void Describe(OpenApiSchema schema, Type type)
    {
        // Without a word an empty schema reads, to some, like one that is missing.
        if (type == typeof(JsonElement))
        {
            schema.Description ??= "Any JSON.";
        }

        if (type.GetCustomAttribute<RefusedWithoutAttribute>() is { } refused)
        {
            schema.Required = new HashSet<string>([.. type.GetProperties().Where(JsonFields.IsRequired).Select(NameOf), .. refused.Members], StringComparer.Ordinal);
            foreach (var member in refused.Members.Select(name => schema.Properties?[name]).OfType<OpenApiSchema>())
            {
                member.Type &= ~JsonSchemaType.Null;
            }
        }

        foreach (var needs in type.GetCustomAttributes<NeedsOneOfAttribute>(inherit: true))
        {
            var ways = new OpenApiSchema();
            List<IOpenApiSchema> each = [.. needs.Ways.Select(way => Having(way.Split(' ')))];
            if (needs.AndNoMore)
            {
                ways.OneOf = each;
            }
            else
            {
                ways.AnyOf = each;
            }

            schema.AllOf ??= [];
            schema.AllOf.Add(ways);
        }
    }

    private static string NameOf(PropertyInfo property) => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);

    private static OpenApiSchema Having(string[] members) => new()
    {
        Required = new HashSet<string>(members, StringComparer.Ordinal),
        Properties = members.ToDictionary(member => member, IOpenApiSchema (_) => new OpenApiSchema { Not = new OpenApiSchema { Type = JsonSchemaType.Null } }),
    };
}
