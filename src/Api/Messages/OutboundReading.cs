using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Channels.Api.Errors;
using Channels.Core.Connectors;

namespace Channels.Api.Messages;

/// <summary>Reads a message to be sent, and says everything that is wrong with it at once. What a provider alone can know, its sender says.</summary>
internal sealed class OutboundReading
{
    private const int LongestText = 4_096;
    private const int LongestUrl = 2_048;
    private const int MostCards = 100;
    private const int MostButtons = 10;
    private const int MostRows = 100;

    private static readonly ImmutableDictionary<string, FileForm> _files =
        Enum.GetValues<FileForm>().ToImmutableDictionary(form => form.ToString().ToLowerInvariant(), StringComparer.Ordinal);

    private readonly OutboundForm _form;
    private readonly ChannelManifest _manifest;
    private readonly List<FieldComplaint> _complaints = [];

    private OutboundReading(OutboundForm form, ChannelManifest manifest)
    {
        _form = form;
        _manifest = manifest;
        Text = form.Text ?? "";
        Content = Read(form.Type ?? "text");
        CheckText();
        CheckAbility();
    }

    /// <summary>See <see cref="OutboundMessage.Text"/>.</summary>
    public string Text { get; }

    /// <summary>Null for plain text. A reaction's target is still as the caller wrote it.</summary>
    public OutboundContent? Content { get; }

    /// <summary>Everything that is wrong; empty when it may be queued.</summary>
    public IReadOnlyList<FieldComplaint> Complaints => _complaints;

    public static OutboundReading Of(OutboundForm form, ChannelManifest manifest) => new(form, manifest);

    private OutboundContent? Read(string type) => type switch
    {
        "text" => null,
        "location" => ReadPlace(_form.Location),
        "contacts" => ReadCards(_form.Contacts),
        "reaction" => ReadReaction(_form.Reaction),
        "template" => ReadTemplate(_form.Template),
        "interactive" => ReadInteractive(_form.Interactive),
        _ when _files.TryGetValue(type, out var form) => ReadFile(_form.Media, form),
        _ => Wrong("type", "must be one of: text, image, video, audio, voice, document, sticker, location, contacts, reaction, template, interactive."),
    };

    private OutboundContent.File? ReadFile(OutboundMediaForm? media, FileForm form)
    {
        if (media is null || (media.Url is null) == (media.MediaId is null))
        {
            return Wrong<OutboundContent.File>("media", "must be an object with either url or media_id; POST /api/v1/media gives a media_id for a file of yours.");
        }

        if (media.Url is { } url && !(url.Length <= LongestUrl && Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"))
        {
            return Wrong<OutboundContent.File>("media.url", $"must be an address starting with http:// or https://, of at most {LongestUrl} characters.");
        }

        Bounded("media.mime", media.Mime, 255);
        Bounded("media.filename", media.Filename, 255);
        return new(form, media.Url, media.MediaId, media.Mime, media.Filename);
    }

    private OutboundContent.Place? ReadPlace(OutboundLocationForm? place)
    {
        if (place is not { Latitude: >= -90 and <= 90, Longitude: >= -180 and <= 180 })
        {
            return Wrong<OutboundContent.Place>("location", "must have a latitude from -90 to 90 and a longitude from -180 to 180, in degrees.");
        }

        Bounded("location.name", place.Name, 1_000);
        Bounded("location.address", place.Address, 1_000);
        return new(place.Latitude.Value, place.Longitude.Value, place.Name, place.Address);
    }

    private OutboundContent.Cards? ReadCards(IReadOnlyList<OutboundCardForm>? cards)
    {
        if (cards is not { Count: > 0 and <= MostCards })
        {
            return Wrong<OutboundContent.Cards>("contacts", $"must be a list of 1 to {MostCards} objects with name and phone.");
        }

        foreach (var (index, card) in cards.Index())
        {
            Filled($"contacts[{index}].name", card?.Name, 255);
            if (card?.Phone is null || !card.Phone.Any(char.IsAsciiDigit))
            {
                Wrong($"contacts[{index}].phone", "must be a phone number with its country code.");
            }
        }

        return _complaints.Count > 0 ? null : new([.. cards.Select(card => new OutboundCard(card.Name!, string.Concat(card.Phone!.Where(char.IsAsciiDigit))))]);
    }

    private OutboundContent.Reaction? ReadReaction(OutboundReactionForm? reaction)
    {
        Filled("reaction.message_id", reaction?.MessageId, 512);
        if (reaction?.Emoji is not { Length: <= 64 } emoji || new StringInfo(emoji).LengthInTextElements > 1)
        {
            return Wrong<OutboundContent.Reaction>("reaction.emoji", "must be one emoji; empty to take the reaction back.");
        }

        return new(reaction.MessageId ?? "", emoji, TargetFromMe: false);
    }

    private OutboundContent.Template? ReadTemplate(OutboundTemplateForm? template)
    {
        Filled("template.name", template?.Name, 512);
        Filled("template.language", template?.Language, 32);
        if (template?.Components is { ValueKind: not (JsonValueKind.Array or JsonValueKind.Null) })
        {
            Wrong("template.components", "must be a list, as the provider describes it.");
        }

        return _complaints.Count > 0 ? null : new(template!.Name!, template.Language!, template.Components is { ValueKind: JsonValueKind.Array } components ? components.GetRawText() : null);
    }

    private OutboundContent.Interactive? ReadInteractive(OutboundInteractiveForm? choice)
    {
        var buttons = choice?.Buttons ?? [];
        var sections = choice?.Sections ?? [];
        if (buttons.Count == 0 == (sections.Count == 0))
        {
            return Wrong<OutboundContent.Interactive>("interactive", "must have either buttons or sections, and not an empty list of them.");
        }

        Bounded("interactive.header", choice!.Header, 255);
        Bounded("interactive.footer", choice.Footer, 255);
        CheckButtons(buttons);
        CheckSections(choice.Button, sections);
        return _complaints.Count > 0 ? null : new(
            choice.Header, choice.Footer, [.. buttons.Select(button => new OutboundButton(button.Id!, button.Title!))], choice.Button,
            [.. sections.Select(section => new OutboundSection(section.Title, [.. section.Rows!.Select(row => new OutboundRow(row.Id!, row.Title!, row.Description))]))]);
    }

    private void CheckButtons(IReadOnlyList<OutboundButtonForm> buttons)
    {
        if (buttons.Count > MostButtons)
        {
            Wrong("interactive.buttons", $"may have {MostButtons} buttons; it has {buttons.Count}. Use sections for more.");
            return;
        }

        foreach (var (index, button) in buttons.Index())
        {
            Filled($"interactive.buttons[{index}].id", button?.Id, 256);
            Filled($"interactive.buttons[{index}].title", button?.Title, 255);
        }

        CheckUnique("interactive.buttons", buttons.Select(button => button?.Id));
    }

    private void CheckSections(string? label, IReadOnlyList<OutboundSectionForm> sections)
    {
        if (sections.Count == 0)
        {
            return;
        }

        Filled("interactive.button", label, 255);
        var rows = sections.Sum(section => section?.Rows?.Count ?? 0);
        if (rows > MostRows || sections.Any(section => section?.Rows is not { Count: > 0 }))
        {
            Wrong("interactive.sections", $"must have 1 to {MostRows} rows in all, and none may be empty; there are {rows}.");
            return;
        }

        foreach (var (index, section) in sections.Index())
        {
            Bounded($"interactive.sections[{index}].title", section.Title, 255);
            foreach (var (at, row) in section.Rows!.Index())
            {
                Filled($"interactive.sections[{index}].rows[{at}].id", row?.Id, 256);
                Filled($"interactive.sections[{index}].rows[{at}].title", row?.Title, 255);
                Bounded($"interactive.sections[{index}].rows[{at}].description", row?.Description, 1_000);
            }
        }

        CheckUnique("interactive.sections", sections.SelectMany(section => section.Rows!).Select(row => row?.Id));
    }

    private void CheckText()
    {
        // A provider shows no words beside these: taken, they would be in the transcript and never reach the contact.
        if (Text.Length > 0 && _form.Type is ("location" or "contacts" or "reaction"))
        {
            Wrong("text", $"cannot be said beside {_form.Type}: send it as a message of its own.");
            return;
        }

        var isText = (_form.Type ?? "text") == "text";
        var longest = isText ? _manifest.Limits.TextLength : Math.Min(_manifest.Limits.TextLength, LongestText);
        var needed = isText || _form.Type == "interactive";
        if ((needed && string.IsNullOrWhiteSpace(Text)) || Text.Length > longest)
        {
            Wrong("text", $"must have {(needed ? 1 : 0)} to {longest} characters; it has {Text.Length}.");
        }
    }

    private void CheckAbility()
    {
        if (Content is not null && !_manifest.Capabilities.Contains(Content.Capability))
        {
            Wrong("type", $"{_manifest.DisplayName} does not send this; it can: {string.Join(", ", _manifest.Capabilities)}.");
        }
    }

    private void CheckUnique(string field, IEnumerable<string?> ids)
    {
        var seen = new HashSet<string?>(StringComparer.Ordinal);
        if (!ids.All(seen.Add))
        {
            Wrong(field, "two have the same id: what was chosen could not be told.");
        }
    }

    private void Filled(string field, string? value, int longest)
    {
        if (string.IsNullOrWhiteSpace(value) || value.Length > longest)
        {
            Wrong(field, $"must have 1 to {longest} characters.");
        }
    }

    private void Bounded(string field, string? value, int longest)
    {
        if (value?.Length > longest)
        {
            Wrong(field, $"may have {longest} characters; it has {value.Length}.");
        }
    }

    private T? Wrong<T>(string field, string message)
        where T : OutboundContent
    {
        Wrong(field, message);
        return null;
    }

    private OutboundContent? Wrong(string field, string message)
    {
        _complaints.Add(new(field, message));
        return null;
    }
}
