using System.CommandLine;
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
        report.KeyFrom ??= "that was typed";
        report.Hide(key);
        if (key is null || !ServerSettings.CanBeKey(key) || (named.Tenant is not null && !Guid.TryParse(named.Tenant, out _)))
        {
            return report.Misuse(
                key is null ? "No key was given." : named.Tenant is null ? "The key holds characters that no key has." : "Key or tenant cannot be used.",
                "Give it with CHANNELS_API_KEY, with --key - on standard input, or run this in a terminal.");
        }

        var given = new ServerSettings(address, key, named.Tenant);
        using var api = new ApiClient(given, report, _options.Here);
        var (newTenant, refused) = await AdmittedAsync(parse, api, report, questions, cancellationToken);
        if (refused is not null)
        {
            return report.Failure(refused);
        }

        // Everything that can be wrong with the command is found before anything is made: whoever corrects and repeats it must not make one tenant more.
        var (draft, ended) = _channel.IsNamed(parse) ? await _channel.DraftAsync(parse, api, report, questions, cancellationToken) : (null, ExitCodes.Fine);
        if (ended != ExitCodes.Fine)
        {
            return ended;
        }

        return newTenant is null ? await KeepAsync(parse, report, questions, given, draft, tenant: null, cancellationToken)
            : ConfigFile.CanBeWritten(_options.FileOf(parse)) ? await MakeTenantAsync(parse, api, report, questions, given, newTenant, draft, cancellationToken)
            : Unwritable(report, _options.FileOf(parse));
    }

    // Asks something that every key of a tenant may: the address, the key and the tenant are right when it is answered. The name of a tenant to be made is not asked of the server.
    private async Task<(string? NewTenant, ApiAnswer? Refused)> AdmittedAsync(
        ParseResult parse, ApiClient api, Report report, Questions? questions, CancellationToken cancellationToken)
    {
        if (parse.GetValue(_newTenant) is { } name)
        {
            return (name, null);
        }

        var answer = api.Expect(await api.GetAsync("/api/v1/channels?limit=1", cancellationToken), body => body.HasItems("channels"));
        if (answer is ApiAnswer.Refused { Problem.Code: "tenant_required" } && questions is not null)
        {
            report.Line("This is the operator key; channels belong to tenants.");
            return (questions.Text("Name of a new tenant", null), null);
        }

        return (null, answer is ApiAnswer.Done ? null : answer);
    }

    private async Task<int> MakeTenantAsync(
        ParseResult parse, ApiClient api, Report report, Questions? questions, ServerSettings settings, string name, ChannelDraft? draft, CancellationToken cancellationToken)
    {
        var answer = await api.PostRepeatedlyAsync("/api/v1/tenants", new JsonObject { ["name"] = name }, ApiClient.NewIdempotencyKey(), TimeSpan.Zero, cancellationToken);
        if (answer is not ApiAnswer.Done { Body: var made })
        {
            return report.Failure(answer);
        }

        if (made.Text("api_key") is not { } key)
        {
            return report.Failure(new ApiAnswer.Unreachable($"What answers at {settings.Shown} made a tenant and gave no key for it. Check the address."));
        }

        report.Hide(key);
        var tenant = new NewTenant(made.Text("id"), name);
        report.Line($"Made the tenant {tenant}.");
        var ended = await KeepAsync(parse, report, questions, settings with { Key = key, Tenant = null }, draft, tenant, cancellationToken);
        if (ended == ExitCodes.Fine)
        {
            return ended;
        }

        report.Note($"The tenant {tenant} is made all the same: go on without --new-tenant, and without the operator's key.");

        // That of bad usage says that nothing was done.
        return ended == ExitCodes.Usage ? ExitCodes.Wrong : ended;
    }

    private async Task<int> KeepAsync(
        ParseResult parse, Report report, Questions? questions, ServerSettings settings, ChannelDraft? draft, NewTenant? tenant, CancellationToken cancellationToken)
    {
        var file = _options.FileOf(parse);
        try
        {
            new ConfigFile(settings.Shown, settings.Key, settings.Tenant).Write(file);
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            return tenant is null ? Unwritable(report, file) : report.HalfDone(
                $"{file} cannot be written; the key of the tenant {tenant} is kept nowhere.", $"Make another with the operator key: POST /api/v1/api-keys with X-Tenant-Id: {tenant.Id}.");
        }

        report.Line($"Kept in {file}: {settings.Shown} and your key.");
        var done = new JsonObject { ["config_file"] = file, ["url"] = settings.Shown };
        if (tenant is not null)
        {
            done["tenant"] = new JsonObject { ["id"] = tenant.Id, ["name"] = tenant.Name };
        }

        using var api = new ApiClient(settings, report, _options.Here);
        return await _channel.RunAsync(parse, api, report, questions, draft, done, cancellationToken);
    }

    private static int Unwritable(Report report, string file) => report.Misuse($"{file} cannot be written.", "Name another with --config.");

    private sealed record NewTenant(string? Id, string Name)
    {
        public override string ToString() => $"{Name} ({Id})";
    }
}
