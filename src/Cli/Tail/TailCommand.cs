using System.CommandLine;
using Channels.Cli.Api;
using Channels.Cli.Output;
using Channels.Cli.Settings;

namespace Channels.Cli.Tail;

/// <summary><c>channels tail</c>: prints events as they happen.</summary>
internal static class TailCommand
{
    private const string Beginning = "beginning";

    public static Command Create(ServerOptions options)
    {
        var account = Values.Id("--account", "--channel", "Only events of this account (channel)");
        var types = new Option<string[]>("--types")
        {
            Description = "Only these types, with commas or repeated; * stands for anything: message.*",
            HelpName = "types",
            AllowMultipleArgumentsPerToken = true,
        };
        var since = new Option<string?>("--since")
        {
            Description = "Where to begin: now (the default; with --once it is beginning), beginning (the oldest event that is kept), or behind a cursor, which every event has",
            HelpName = "now|beginning|cursor",
        };
        var once = new Option<bool>("--once") { Description = "End when there is nothing more, instead of waiting for it" };
        var command = new Command("tail", "Prints events as they happen, one a line, none skipped; goes on by itself after a broken connection. Ctrl-C ends it, with 0.") { account, types, since, once };
        command.SetAction((parse, cancellationToken) => options.AskAsync(parse, (api, report) =>
            new EventReader(api, report, options.Here, new(parse.GetValue(account), EventFilter.TypesOf(parse.GetValue(types) ?? [])))
                .FollowAsync(CursorOf(parse.GetValue(since), parse.GetValue(once)), parse.GetValue(once), cancellationToken)));
        return command;
    }

    // Whoever wants what there is and no more does not mean from now on.
    private static string? CursorOf(string? since, bool once) => since switch
    {
        null => once ? null : EventReader.Now,
        Beginning => null,
        _ => since,
    };
}
