using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Cli.Settings;

namespace Channels.Cli.Send;

/// <summary>What is to be said, as options; and the body they make for <c>POST /api/v1/accounts/{id}/messages</c>.</summary>
internal sealed class MessageOptions(Surroundings here)
{
    /// <summary>What the API takes a file for; anything else is a document.</summary>
    private static readonly Dictionary<string, (string Type, string Mime)> _types = new(StringComparer.OrdinalIgnoreCase)
    {
        [".jpg"] = ("image", "image/jpeg"),
        [".jpeg"] = ("image", "image/jpeg"),
        [".png"] = ("image", "image/png"),
        [".gif"] = ("image", "image/gif"),
        [".webp"] = ("image", "image/webp"),
        [".mp4"] = ("video", "video/mp4"),
        [".3gp"] = ("video", "video/3gpp"),
        [".mp3"] = ("audio", "audio/mpeg"),
        [".m4a"] = ("audio", "audio/mp4"),
        [".aac"] = ("audio", "audio/aac"),
        [".ogg"] = ("audio", "audio/ogg"),
        [".opus"] = ("audio", "audio/ogg"),
        [".pdf"] = ("document", "application/pdf"),
        [".txt"] = ("document", "text/plain"),
        [".csv"] = ("document", "text/csv"),
    };

    private readonly Option<string?> _to = new("--to") { Description = "To whom: a phone number with its country code, or the provider's own id of the chat", HelpName = "address" };
    private readonly Option<Guid?> _conversation = Values.Id("--conversation", null, "Instead of --to: a conversation of this account");
    private readonly Option<string?> _text = new("--text") { Description = "What to say; with a file its caption. - reads it from standard input", HelpName = "text" };
    private readonly Option<string?> _template = new("--template") { Description = "The name of a template the provider approved", HelpName = "name" };
    private readonly Option<string?> _language = new("--language") { Description = "The template's language code", HelpName = "code" };
    private readonly Option<string?> _components = new("--components") { Description = "The values for the template's places: the provider's own JSON array", HelpName = "json" };
    private readonly Option<string?> _mediaUrl = new("--media-url") { Description = "A file the provider fetches from there", HelpName = "address" };
    private readonly Option<string?> _file = new("--file") { Description = "A file from here, of at most 32 MB", HelpName = "file" };
    private readonly Option<string?> _type = new("--type") { Description = "What the file is; by its name when left out", HelpName = "type" };
    private readonly Option<string?> _replyTo = new("--reply-to") { Description = "The message it answers", HelpName = "id" };
    private readonly Option<string?> _author = new("--author") { Description = "Who says it, for the transcript. Default: person", HelpName = "author" };

    public void AddTo(Command command)
    {
        _type.AcceptOnlyFromAmong("image", "video", "audio", "voice", "document", "sticker");
        _author.AcceptOnlyFromAmong("person", "program");
        foreach (var option in (Option[])[_to, _conversation, _text, _template, _language, _components, _mediaUrl, _file, _type, _replyTo, _author])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The file to be kept at the server first, or null.</summary>
    public string? FileOf(ParseResult parse) => parse.GetValue(_file);

    /// <summary>The body, or what is wrong with the options. A file's <c>media_id</c> is put in by <see cref="PutFile"/>.</summary>
    public (JsonObject? Body, string? Complaint) Read(ParseResult parse)
    {
        var (to, conversation, text, template) = (parse.GetValue(_to), parse.GetValue(_conversation), parse.GetValue(_text), parse.GetValue(_template));
        var (url, file) = (parse.GetValue(_mediaUrl), parse.GetValue(_file));
        if ((to is null) == (conversation is null))
        {
            return (null, "Say to whom: either --to or --conversation.");
        }

        if (((string?[])[template, url, file]).Count(given => given is not null) > 1)
        {
            return (null, "Give one of --template, --media-url and --file.");
        }

        if (text is null && template is null && url is null && file is null)
        {
            return (null, "Say what: --text, --template, --media-url or --file.");
        }

        var (components, complaint) = Components(parse);
        if (complaint is not null)
        {
            return (null, complaint);
        }

        var media = url is null && file is null ? null : Media(url, file);
        var body = new JsonObject
        {
            ["to"] = to,
            ["conversation_id"] = conversation?.ToString(),
            ["author"] = parse.GetValue(_author),
            ["type"] = template is not null ? "template" : media is not null ? parse.GetValue(_type) ?? TypeOf(url ?? file!) : null,
            ["text"] = text == "-" ? here.In.ReadToEnd().TrimEnd('\r', '\n') : text,
            ["reply_to"] = parse.GetValue(_replyTo),
            ["media"] = media,
            ["template"] = template is null ? null : new JsonObject { ["name"] = template, ["language"] = parse.GetValue(_language), ["components"] = components },
        };
        foreach (var absent in body.Where(member => member.Value is null).Select(member => member.Key).ToList())
        {
            body.Remove(absent);
        }

        return (body, null);
    }

    /// <summary>Names the kept file.</summary>
    public static void PutFile(JsonObject body, string mediaId) => body["media"]!["media_id"] = mediaId;

    private (JsonNode? Components, string? Complaint) Components(ParseResult parse)
    {
        if (parse.GetValue(_components) is not { } written)
        {
            return (null, null);
        }

        try
        {
            return JsonNode.Parse(written) is JsonArray components ? (components, null) : (null, "--components must be a JSON array.");
        }
        catch (JsonException)
        {
            return (null, "--components must be a JSON array.");
        }
    }

    private static JsonObject Media(string? url, string? file)
    {
        var media = new JsonObject();
        if (url is not null)
        {
            media["url"] = url;
        }
        else
        {
            media["filename"] = Path.GetFileName(file);
        }

        if (_types.TryGetValue(ExtensionOf(url ?? file!), out var known))
        {
            media["mime"] = known.Mime;
        }

        return media;
    }

    private static string TypeOf(string place) => _types.TryGetValue(ExtensionOf(place), out var known) ? known.Type : "document";

    private static string ExtensionOf(string place) => Path.GetExtension(Uri.TryCreate(place, UriKind.Absolute, out var url) && !url.IsFile ? url.AbsolutePath : place);
}
