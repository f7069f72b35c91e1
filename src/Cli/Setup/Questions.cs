using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Cli.Api;
using Channels.Cli.Output;
using Channels.Cli.Validate;
using Spectre.Console;

namespace Channels.Cli.Setup;

/// <summary>Asks the person at the terminal.</summary>
internal sealed class Questions(IAnsiConsole person)
{
    /// <summary>A text; with a proposal that an empty line takes.</summary>
    public string Text(string title, string? proposal)
    {
        var prompt = new TextPrompt<string>(Shown(title));
        return person.Prompt(proposal is null ? prompt : prompt.DefaultValue(proposal)).Trim();
    }

    /// <summary>Something nobody may read over a shoulder.</summary>
    public string Secret(string title) => person.Prompt(new TextPrompt<string>(Shown(title)).Secret()).Trim();

    /// <summary>Yes or no.</summary>
    public bool YesOrNo(string title, bool proposal) => person.Prompt(new ConfirmationPrompt(Shown(title)) { DefaultValue = proposal });

    /// <summary>One of several.</summary>
    public string Choice(string title, IEnumerable<string> choices, Func<string, string>? shown = null) => person.Prompt(
        new SelectionPrompt<string>().Title(Shown(title)).AddChoices(choices).UseConverter(choice => Shown(shown?.Invoke(choice) ?? choice)));

    /// <summary>A setting of a channel kind, as its schema describes it, member by member where it has members; null when it was left open, which only an optional one can be.</summary>
    public JsonNode? Value(string name, JsonElement property, bool isRequired, bool isSecret = false)
    {
        // What is inside a secret is one, whatever is said of it.
        isSecret |= KindSchema.IsSecret(property);
        if (property.Member("properties") is not { ValueKind: JsonValueKind.Object } members)
        {
            return Setting(name, property, isRequired, isSecret) is { } answer ? SettingsInput.ValueOf(answer, property) : null;
        }

        Describe(property);
        if (!isRequired && !YesOrNo($"Give {property.Text("title") ?? name}?", false))
        {
            return null;
        }

        var whole = new JsonObject();
        foreach (var member in members.EnumerateObject())
        {
            if (Value(member.Name, member.Value, property.Items("required").Any(one => one.ToString() == member.Name), isSecret) is { } given)
            {
                whole[member.Name] = given;
            }
        }

        return whole;
    }

    private string? Setting(string name, JsonElement property, bool isRequired, bool isSecret)
    {
        var title = property.Text("title") ?? name;
        Describe(property);
        var usual = property.Member("default") is { ValueKind: JsonValueKind.String or JsonValueKind.Number } value ? value.ToString() : null;
        if (property.Items("enum").Select(choice => choice.ToString()).ToList() is { Count: > 0 } choices)
        {
            return Choice(title, usual is null ? choices : choices.Where(choice => choice == usual).Concat(choices.Where(choice => choice != usual)));
        }

        var types = KindSchema.TypesOf(property);
        if (types.Contains("boolean"))
        {
            return YesOrNo(title, property.IsTrue("default")) ? "true" : "false";
        }

        var answer = person.Prompt(Prompt(isRequired ? title : $"{title} (may be left empty)", property, usual, isRequired, isSecret, types)).Trim();
        return answer.Length == 0 ? null : answer;
    }

    private void Describe(JsonElement property)
    {
        if (property.Text("description") is { } description)
        {
            person.MarkupLine($"[grey]{Shown(description)}[/]");
        }
    }

    private static string Shown(string text) => Markup.Escape(Plain.Of(text));

    private static TextPrompt<string> Prompt(string title, JsonElement property, string? usual, bool isRequired, bool isSecret, IReadOnlyList<string> types)
    {
        var prompt = new TextPrompt<string>(Shown(title)) { IsSecret = isSecret, Mask = '*', AllowEmpty = !isRequired };
        if (usual is not null)
        {
            prompt.DefaultValue(usual);
        }

        if (types is ["integer"])
        {
            var remedy = Shown(property.Text("x-remedy") ?? "give a whole number");
            prompt.Validate(text => text.Length == 0 || long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
                ? ValidationResult.Success()
                : ValidationResult.Error($"[red]{remedy}[/]"));
        }

        return prompt;
    }
}
