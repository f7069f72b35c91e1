using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Channels.Cli.Healthcheck;
using Channels.Cli.New;
using Channels.Cli.Output;
using Channels.Cli.Send;
using Channels.Cli.Settings;
using Channels.Cli.Setup;
using Channels.Cli.Simulate;
using Channels.Cli.Tail;
using Channels.Cli.Validate;

namespace Channels.Cli;

/// <summary>The command <c>channels</c>: its commands, its help, and how it ends.</summary>
internal static class ChannelsCommand
{
    private const string About = """
        Sets up, checks and tries a Channels server.

        Where and as whom: --url and --key, else CHANNELS_URL and CHANNELS_API_KEY, else what 'channels setup' wrote.
        """;

    /// <summary>Carries out one command line.</summary>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] arguments, Surroundings here, CancellationToken cancellationToken)
    {
        var parse = Create(here).Parse(arguments);
        var configuration = new InvocationConfiguration { Output = here.Out, Error = here.Error, EnableDefaultExceptionHandler = false };

        // The library ends with 1 for a wrong command line; to a script that would be a failed check.
        if (parse.Action is ParseErrorAction)
        {
            return new Report(here.Out, here.Error, arguments.Contains("--json"))
                .Misuse(string.Join(' ', parse.Errors.Select(error => error.Message)), $"See '{NameOf(parse.CommandResult)} --help'.");
        }

        try
        {
            return await parse.InvokeAsync(configuration, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await here.Error.WriteLineAsync("Interrupted.");
            return ExitCodes.Interrupted;
        }
    }

    private static string NameOf(CommandResult command) =>
        command.Parent is CommandResult parent ? $"{NameOf(parent)} {command.Command.Name}" : command.Command.Name;

    private static Command Create(Surroundings here)
    {
        var options = new ServerOptions(here);
        // Not the library's root command: that calls itself as its file is called.
        var root = new Command("channels", About)
        {
            new HelpOption(),
            new VersionOption(),
            SetupCommand.Create(options),
            ValidateCommand.Create(options),
            HealthcheckCommand.Create(options),
            SendCommand.Create(options),
            SimulateCommand.Create(options),
            TailCommand.Create(options),
            NewCommand.Create(options),
        };
        options.AddTo(root);
        foreach (var help in root.Options.OfType<HelpOption>())
        {
            help.Action = new HelpWithExitCodes((HelpAction)help.Action!);
        }

        return root;
    }

    private sealed class HelpWithExitCodes(HelpAction usual) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var code = usual.Invoke(parseResult);
            parseResult.InvocationConfiguration.Output.WriteLine(ExitCodes.About);
            return code;
        }
    }
}
