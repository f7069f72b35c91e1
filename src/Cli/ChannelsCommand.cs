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
        var options = new ServerOptions(here);
        var parse = Create(options).Parse(arguments);
        var configuration = new InvocationConfiguration { Output = here.Out, Error = here.Error, EnableDefaultExceptionHandler = false };

        // The library ends with 1 for a wrong command line; to a script that would be a failed check.
        if (parse.Action is ParseErrorAction)
        {
            return Ended(here, new Report(here.Out, here.Error, arguments.Contains("--json"))
                .Misuse(string.Join(' ', parse.Errors.Select(Said).Append(Meant(parse)).Where(sentence => sentence.Length > 0)), $"See '{NameOf(parse.CommandResult)} --help'."));
        }

        try
        {
            return Ended(here, await parse.InvokeAsync(configuration, cancellationToken));
        }
        catch (OperationCanceledException)
        {
            return Ended(here, options.ReportOf(parse).Interrupted());
        }
    }

    // An answer that was not written is none, however well the command went.
    private static int Ended(Surroundings here, int code)
    {
        if (here.Written is not { Failure: { } failure })
        {
            return code;
        }

        here.Error.WriteLine($"error: Standard output could not be written: {Plain.Of(failure)}");
        here.Error.WriteLine("  To do: Make room for it. What the command was to do may be done: look before you repeat it.");
        return code == ExitCodes.Fine ? ExitCodes.Wrong : code;
    }

    // The library names the command that lacks an argument, and not the argument.
    private static string Said(ParseError error) => error.SymbolResult is ArgumentResult { Tokens.Count: 0, Parent: CommandResult, Argument: var argument }
        ? $"The argument <{argument.Name}> is missing."
        : error.Message;

    // The library prints its proposals by itself or not at all: they are taken from where it prints them.
    private static string Meant(ParseResult parse)
    {
        using var printed = new StringWriter();
        var action = (ParseErrorAction)parse.Action!;
        (action.ShowHelp, action.ShowTypoCorrections) = (false, true);
        parse.Invoke(new InvocationConfiguration { Output = printed, Error = TextWriter.Null, EnableDefaultExceptionHandler = false });

        // Beside its sentences stand the names alone.
        var names = printed.ToString().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(line => !line.Contains(' ', StringComparison.Ordinal)).ToList();
        return names.Count == 0 ? "" : $"Did you mean {string.Join(" or ", names.Select(name => $"'{name}'"))}?";
    }

    private static string NameOf(CommandResult command) =>
        command.Parent is CommandResult parent ? $"{NameOf(parent)} {command.Command.Name}" : command.Command.Name;

    private static Command Create(ServerOptions options)
    {
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
