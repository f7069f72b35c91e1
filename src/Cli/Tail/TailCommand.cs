using System.CommandLine;
using Channels.Cli.Api;
using Channels.Cli.Output;
using Channels.Cli.Settings;

namespace Channels.Cli.Tail;

/// <summary><c>channels tail</c>: prints events as they happen.</summary>
internal static class TailCommand
{
    public static Command Create(ServerOptions options)
    {
        var account = new Option<Guid?>("--account") { Description = "Only events of this account (channel)", HelpName = "id" };
        var types = new Option<string[]>("--types")
        {
            Description = "Only these types, with commas or repeated; * stands for anything: message.*",
            HelpName = "types",
            AllowMultipleArgumentsPerToken = true,
        };
        var after = new Option<string?>("--after") { Description = "Begin behind this cursor, which every event has", HelpName = "cursor" };
        var all = new Option<bool>("--all") { Description = "Begin with the oldest event that is kept, instead of with the next" };
        var once = new Option<bool>("--once") { Description = "End when there is nothing more, instead of waiting for it" };
        var command = new Command("tail", "Prints events as they happen, one a line, none skipped; goes on by itself after a broken connection. Ctrl-C ends it, with 0.") { account, types, after, all, once };
        command.SetAction((parse, cancellationToken) => options.AskAsync(parse, (api, report) => parse.GetValue(all) && parse.GetValue(after) is not null
            ? Task.FromResult(report.Misuse("Give either --after or --all."))
            : new EventReader(api, report, options.Here.Clock, new(parse.GetValue(account), EventFilter.TypesOf(parse.GetValue(types) ?? [])))
                .FollowAsync(parse.GetValue(after), parse.GetValue(all) || parse.GetValue(after) is not null || parse.GetValue(once), parse.GetValue(once), cancellationToken)));
        return command;
    }
}
