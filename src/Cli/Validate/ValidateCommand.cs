using System.CommandLine;
using Channels.Cli.Api;
using Channels.Cli.Output;
using Channels.Cli.Settings;

namespace Channels.Cli.Validate;

/// <summary><c>channels validate</c>: would a channel with these settings work? Makes nothing.</summary>
internal static class ValidateCommand
{
    public static Command Create(ServerOptions options)
    {
        var kind = new Argument<string>("kind") { Description = "The channel kind, for example evolution" };
        var connection = new Option<bool>("--check-connection") { Description = "Ask the provider as well, with these settings" };
        var channel = Values.Id("--channel", "--account", "Check as a change of this channel: what is not given is as it is there");
        var settings = new SettingsInput(options.Here);
        var command = new Command("validate", "Says whether a channel with these settings would work, and makes none. Ends with 1 when it would not.") { kind, connection, channel };
        settings.AddTo(command);
        command.SetAction((parse, cancellationToken) => options.AskAsync(
            parse, (api, report) => ValidateAsync(parse, api, report, settings, parse.GetValue(kind)!, parse.GetValue(connection), parse.GetValue(channel), cancellationToken)));
        return command;
    }

    private static async Task<int> ValidateAsync(
        ParseResult parse, ApiClient api, Report report, SettingsInput input, string kind, bool checkConnection, Guid? channel, CancellationToken cancellationToken)
    {
        var kinds = api.Expect(await api.GetAsync("/api/channels", cancellationToken), body => body.HasItems("channels"));
        if (kinds is not ApiAnswer.Done { Body: var known })
        {
            return report.Failure(kinds);
        }

        var description = KindSchema.Find(known, kind);
        var (settings, complaint) = input.Read(parse, description);
        if (settings is null)
        {
            return report.Misuse(complaint!);
        }

        KindSchema.HideSecrets(report, description, settings);
        var answer = await Validation.AskAsync(api, kind, settings, checkConnection, channel, cancellationToken);
        if (answer is not ApiAnswer.Done { Body: var body })
        {
            return report.Failure(answer);
        }

        var validation = Validation.Of(body);
        report.Document(body);
        validation.Tell(report, kind);
        return validation.IsValid ? ExitCodes.Fine : ExitCodes.Wrong;
    }
}
