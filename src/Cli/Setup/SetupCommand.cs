using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Cli.Api;
using Channels.Cli.Output;
using Channels.Cli.Settings;

namespace Channels.Cli.Setup;

/// <summary><c>channels setup</c>: finds out where the server is and whether the key fits, keeps both, and makes a first channel.</summary>
/// <remarks>Asks whoever sits there for what the options leave open; where nobody sits, options, environment and file must do.</remarks>
internal sealed class SetupCommand
{
    private readonly Option<string?> _newTenant = new("--new-tenant") { Description = "With the operator key: make a tenant of this name, and keep its key instead", HelpName = "name" };
    private readonly Option<bool> _noInput = new("--no-input") { Description = "Ask nothing, as where nobody sits at a terminal" };
    private readonly ServerOptions _options;
    private readonly ChannelSetup _channel;

    private SetupCommand(ServerOptions options)
    {
        _options = options;
        _channel = new ChannelSetup(options.Here);
    }

    public static Command Create(ServerOptions options)
    {
        var setup = new SetupCommand(options);
        var command = new Command("setup", "Keeps the server's address and your key (in a file only you can read), and makes a first channel. Asks for what the options leave open when somebody sits there.") { setup._newTenant, setup._noInput };
        setup._channel.AddTo(command);
        command.SetAction(setup.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var report = _options.ReportOf(parse);
        var questions = _options.Here.Person is { } person && !report.IsJson && !parse.GetValue(_noInput) ? new Questions(person) : null;

        if (_channel.Complaint(parse, questions) is { } complaint)
        {
            return report.Misuse(complaint, "Say with --kind of which kind the channel is.");
        }

        var usual = _options.UsualUrl(parse);
        var url = questions is null || _options.IsServerNamed(parse) ? usual : questions.Text("Address of the server", usual);
        if (ServerSettings.AddressOf(url) is not { } address)
        {
            return report.Misuse("The address must begin with http:// or https:// and hold neither user name nor query.");
        }

        // A server that was typed is named like any other: the file's key is not for it. A file that cannot be read is about to be written anew: no reason to stop.
        var (named, _) = _options.Named(parse, report, typed: address == ServerSettings.AddressOf(usual) ? null : url);
        var key = named.Key ?? questions?.Secret("API key (a tenant's, or the operator's)");
        report.Hide(key);
        if (key is null || !ServerSettings.CanBeKey(key) || (named.Tenant is not null && !Guid.TryParse(named.Tenant, out _)))
        {
            return report.Misuse(
                key is null ? "No key was given." : named.Tenant is null ? "The key holds characters that no key has." : "Key or tenant cannot be used.",
                "Give it with CHANNELS_API_KEY, with --key - on standard input, or run this in a terminal.");
        }

        var (settings, failure) = await AdmittedAsync(parse, report, questions, new(address, key, named.Tenant), cancellationToken);
        if (settings is null)
        {
            return report.Failure(failure!);
        }

        var file = _options.FileOf(parse);
        try
        {
            new ConfigFile(settings.Shown, settings.Key, settings.Tenant).Write(file);
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            return report.Misuse($"{file} cannot be written.", "Name another with --config.");
        }

        report.Line($"Kept in {file}: {settings.Shown} and your key.");
        var done = new JsonObject { ["config_file"] = file, ["url"] = settings.Shown };
        using var api = new ApiClient(settings, report, _options.Here.Clock);
        return await _channel.RunAsync(parse, api, report, questions, done, cancellationToken);
    }

    // Asks something that every key of a tenant may: the address, the key and the tenant are right when it is answered.
    private async Task<(ServerSettings? Settings, ApiAnswer? Failure)> AdmittedAsync(
        ParseResult parse, Report report, Questions? questions, ServerSettings settings, CancellationToken cancellationToken)
    {
        using var api = new ApiClient(settings, report, _options.Here.Clock);
        if (parse.GetValue(_newTenant) is { } name)
        {
            return await NewTenantAsync(api, report, settings, name, cancellationToken);
        }

        var answer = await api.GetAsync("/api/v1/channels?limit=1", cancellationToken);
        if (answer is ApiAnswer.Refused { Problem.Code: "tenant_required" } && questions is not null)
        {
            report.Line("This is the operator key; channels belong to tenants.");
            return await NewTenantAsync(api, report, settings, questions.Text("Name of a new tenant", null), cancellationToken);
        }

        return answer is ApiAnswer.Done { Body: var body } && body.Member("channels").ValueKind == JsonValueKind.Array ? (settings, null)
            : answer is ApiAnswer.Done ? (null, new ApiAnswer.Unreachable($"What answers at {settings.Shown} is no Channels server. Check the address."))
            : (null, answer);
    }

    private static async Task<(ServerSettings? Settings, ApiAnswer? Failure)> NewTenantAsync(
        ApiClient api, Report report, ServerSettings settings, string name, CancellationToken cancellationToken)
    {
        var answer = await api.PostRepeatedlyAsync("/api/v1/tenants", new JsonObject { ["name"] = name }, ApiClient.NewIdempotencyKey(), ApiClient.UsualPatience, cancellationToken);
        if (answer is not ApiAnswer.Done { Body: var tenant })
        {
            return (null, answer);
        }

        if (tenant.Text("api_key") is not { } key)
        {
            return (null, new ApiAnswer.Unreachable($"What answers at {settings.Shown} made a tenant and gave no key for it. Check the address."));
        }

        report.Hide(key);
        report.Line($"Made the tenant {name} ({tenant.Text("id")}).");
        return (settings with { Key = key, Tenant = null }, null);
    }
}
