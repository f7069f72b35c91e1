using System.CommandLine;
using Channels.Cli.Api;
using Channels.Cli.Output;

namespace Channels.Cli.Settings;

/// <summary>The options every command has, and what they come to: flag before environment before file.</summary>
internal sealed class ServerOptions(Surroundings here)
{
    public const string DefaultUrl = "http://127.0.0.1:7070";

    private readonly Option<string?> _url = new("--url") { Description = $"The server. Else CHANNELS_URL, else what 'channels setup' wrote, else {DefaultUrl}", Recursive = true, HelpName = "address" };

    private readonly Option<string?> _key = new("--key")
    {
        Description = "A tenant's API key, or the operator key; - reads it from standard input. Other users may see command lines: rather CHANNELS_API_KEY, or what 'channels setup' wrote",
        Recursive = true,
        HelpName = "key",
    };

    private readonly Option<string?> _tenant = new("--tenant") { Description = "With the operator key: for which tenant. Else CHANNELS_TENANT", Recursive = true, HelpName = "id" };
    private readonly Option<string?> _config = new("--config") { Description = "The file 'channels setup' writes. Default: ~/.config/channels/config.json", Recursive = true, HelpName = "file" };
    private readonly Option<bool> _json = new("--json") { Description = "Answer with JSON on standard output, failures included", Recursive = true };

    public Surroundings Here => here;

    public void AddTo(Command root)
    {
        root.Options.Add(_url);
        root.Options.Add(_key);
        root.Options.Add(_tenant);
        root.Options.Add(_config);
        root.Options.Add(_json);
    }

    /// <summary>Whether somebody said for this command which server is meant.</summary>
    public bool IsServerNamed(ParseResult parse) => NamedUrl(parse) is not null;

    /// <summary>How this command tells.</summary>
    public Report ReportOf(ParseResult parse) => new(here.Out, here.Error, parse.GetValue(_json));

    /// <summary>Where the settings are kept.</summary>
    public string FileOf(ParseResult parse) => parse.GetValue(_config) is { } named ? here.At(named) : ConfigFile.PlaceIn(here);

    /// <summary>Carries out a command that asks the server.</summary>
    public async Task<int> AskAsync(ParseResult parse, Func<ApiClient, Report, Task<int>> command)
    {
        var report = ReportOf(parse);
        var (settings, complaint) = Read(parse, report);
        if (settings is null)
        {
            return report.Misuse(complaint!, "See 'channels --help'.");
        }

        using var api = new ApiClient(settings, report, here);
        return await command(api, report);
    }

    /// <summary>What the options, the environment and the file come to, or what is wrong with them.</summary>
    public (ServerSettings? Settings, string? Complaint) Read(ParseResult parse, Report report)
    {
        var (named, complaint) = Named(parse, report);
        if (complaint is not null)
        {
            return (null, complaint);
        }

        return ServerSettings.AddressOf(named.Url ?? DefaultUrl) is not { } url ? (null, "The address must begin with http:// or https:// and hold neither user name nor query.")
            : named.Key is not null && !ServerSettings.CanBeKey(named.Key) ? (null, "The key holds characters that no key has.")
            : named.Tenant is not null && !Guid.TryParse(named.Tenant, out _) ? (null, "The tenant must be given by its id.")
            : (new(url, named.Key, named.Tenant), null);
    }

    /// <summary>The server that is meant unless somebody says another, unchecked.</summary>
    public string UsualUrl(ParseResult parse) => NamedUrl(parse) ?? ConfigFile.Read(FileOf(parse)).Kept.Url ?? DefaultUrl;

    /// <summary>As it was written, unchecked; null for what nobody said.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="report">Hides the keys.</param>
    /// <param name="typed">Another server than the usual, when somebody typed one.</param>
    public (ConfigFile Named, string? Complaint) Named(ParseResult parse, Report report, string? typed = null)
    {
        var file = FileOf(parse);
        var (kept, complaint) = ConfigFile.Read(file);
        var url = typed ?? NamedUrl(parse);
        var key = parse.GetValue(_key) is { } given ? (given == "-" ? here.In.ReadLine()?.Trim() ?? "" : given) : here.Variable("CHANNELS_API_KEY");
        var tenant = parse.GetValue(_tenant) ?? here.Variable("CHANNELS_TENANT");
        report.KeyFrom = key is null ? null : parse.GetValue(_key) is null ? "in CHANNELS_API_KEY" : "given with --key";
        report.Hide(key);
        report.Hide(kept.Key);
        if (complaint is not null && (url is null || key is null))
        {
            return (kept, complaint);
        }

        // The file's key belongs to the file's server: it is shown to no other.
        var isSameServer = url is null || (kept.Url is not null && ServerSettings.AddressOf(url) == ServerSettings.AddressOf(kept.Url));
        if (key is null && isSameServer && kept.Key is not null)
        {
            if (ConfigFile.IsOpenToOthers(file))
            {
                report.Note($"warning: others can read {file}, which holds a key: chmod 600 {file}");
            }

            key = kept.Key;
            report.KeyFrom = $"kept in {file}";
            tenant ??= kept.Tenant;
        }

        return (new(url ?? kept.Url, key, tenant), null);
    }

    private string? NamedUrl(ParseResult parse) => parse.GetValue(_url) ?? here.Variable("CHANNELS_URL");
}
