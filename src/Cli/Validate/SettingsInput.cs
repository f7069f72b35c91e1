using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Cli.Api;

namespace Channels.Cli.Validate;

/// <summary>A channel's settings as they are given on a command line: a file, and single values over it.</summary>
internal sealed class SettingsInput(Surroundings here)
{
    private readonly Option<string?> _file = new("--settings") { Description = "The settings as a JSON object; - reads it from standard input", HelpName = "file.json" };
    private readonly Option<string[]> _set = new("--set") { Description = "One setting; may be repeated. Other users may see command lines: secrets rather with --set-file or --settings", HelpName = "name=value" };
    private readonly Option<string[]> _setFile = new("--set-file") { Description = "One setting whose value is a file's text; may be repeated", HelpName = "name=file" };

    public void AddTo(Command command)
    {
        command.Options.Add(_file);
        command.Options.Add(_set);
        command.Options.Add(_setFile);
    }

    /// <summary>Whether any setting was given.</summary>
    public bool IsGiven(ParseResult parse) => parse.GetValue(_file) is not null || parse.GetValue(_set) is { Length: > 0 } || parse.GetValue(_setFile) is { Length: > 0 };

    /// <summary>The settings, or what is wrong with how they were given.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="kind">The kind as <c>GET /api/channels</c> shows it, which says what is a number; undefined when it is not known.</param>
    public (JsonObject? Settings, string? Complaint) Read(ParseResult parse, JsonElement kind)
    {
        var (settings, complaint) = parse.GetValue(_file) is { } file ? FromFile(file) : (new JsonObject(), null);
        if (settings is null)
        {
            return (null, complaint);
        }

        foreach (var (given, isFile) in Singles(parse))
        {
            var at = given.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0)
            {
                // Not shown: it may be a secret that was mistyped.
                return (null, isFile ? "--set-file takes name=file." : "--set takes name=value.");
            }

            var (name, value) = (given[..at], given[(at + 1)..]);
            if ((isFile ? TextOf(value)?.TrimEnd('\r', '\n') : value) is not { } text)
            {
                return (null, $"The file {value} for {name} cannot be read.");
            }

            settings[name] = ValueOf(text, KindSchema.PropertyOf(kind, name));
        }

        return (settings, null);
    }

    /// <summary>A text as the type its schema wants; as text where it is none such, for the server to say what is wrong.</summary>
    public static JsonNode ValueOf(string text, JsonElement property)
    {
        var types = KindSchema.TypesOf(property);
        if (types.Contains("string") || types.Count == 0)
        {
            return JsonValue.Create(text);
        }

        try
        {
            return types.Contains("boolean") && bool.TryParse(text, out var yes) ? JsonValue.Create(yes)
                : types.Contains("integer") && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? JsonValue.Create(whole)
                : types.Contains("number") && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? JsonValue.Create(number)
                : (types.Contains("object") || types.Contains("array")) && JsonNode.Parse(text) is { } parsed ? parsed
                : JsonValue.Create(text);
        }
        catch (JsonException)
        {
            // What the server says of it is better than what we could.
            return JsonValue.Create(text);
        }
    }

    private IEnumerable<(string Given, bool IsFile)> Singles(ParseResult parse) =>
        (parse.GetValue(_set) ?? []).Select(given => (given, false)).Concat((parse.GetValue(_setFile) ?? []).Select(given => (given, true)));

    private (JsonObject? Settings, string? Complaint) FromFile(string file)
    {
        if ((file == "-" ? here.In.ReadToEnd() : TextOf(file)) is not { } text)
        {
            return (null, $"The file {file} cannot be read.");
        }

        try
        {
            return JsonNode.Parse(text) is JsonObject settings ? (settings, null) : (null, $"{file} holds no JSON object.");
        }
        catch (JsonException broken)
        {
            // The exception's own text quotes the file, which holds secrets.
            return (null, $"{file} is no JSON from line {(broken.LineNumber ?? 0) + 1} on.");
        }
    }

    private string? TextOf(string file)
    {
        try
        {
            return File.ReadAllText(here.At(file));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }
}
