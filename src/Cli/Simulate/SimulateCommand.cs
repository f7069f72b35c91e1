using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Cli.Api;
using Channels.Cli.Output;
using Channels.Cli.Settings;

namespace Channels.Cli.Simulate;

/// <summary><c>channels simulate</c>: plays the contact of a simulator channel, and shows the reply.</summary>
internal static class SimulateCommand
{
    private const int UsualWait = 10;
    private const int LongestWait = 60;

    public static Command Create(ServerOptions options)
    {
        var account = Values.RequiredId("--account", "--channel", "The simulator channel");
        var from = new Option<string>("--from") { Description = "Who writes: any id, for example a phone number", HelpName = "contact", Required = true };
        var text = new Option<string>("--text") { Description = "What they write", HelpName = "text", Required = true };
        var name = new Option<string?>("--name") { Description = "The contact's name", HelpName = "name" };
        var wait = Values.Seconds(
            "--wait", $"Wait for the reply, for so many seconds ({UsualWait} when no number is given, {LongestWait} at the most). Ends with 1 when none comes", LongestWait);
        var command = new Command("simulate", "Sends a message from a made-up contact to a simulator channel.") { account, from, text, name, wait };
        command.SetAction((parse, cancellationToken) => options.AskAsync(parse, (api, report) =>
        {
            var body = new JsonObject { ["from"] = parse.GetValue(from), ["text"] = parse.GetValue(text) };
            if (parse.GetValue(name) is { } called)
            {
                body["name"] = called;
            }

            var seconds = parse.GetResult(wait) is { Implicit: false } ? parse.GetValue(wait) ?? UsualWait : default(int?);
            return SimulateAsync(api, report, parse.GetValue(account), body, seconds, cancellationToken);
        }));
        return command;
    }

    private static async Task<int> SimulateAsync(ApiClient api, Report report, Guid account, JsonObject body, int? seconds, CancellationToken cancellationToken)
    {
        var path = $"/api/v1/channels/{account}/simulate{(seconds is null ? "" : $"?wait={seconds}")}";
        var answer = api.Expect(
            await api.PostRepeatedlyAsync(path, body, ApiClient.NewIdempotencyKey(), TimeSpan.FromSeconds(seconds ?? 0), cancellationToken), committed => committed.Text("message_id") is not null);
        if (answer is not ApiAnswer.Done { Body: var simulated })
        {
            return report.Failure(answer);
        }

        report.Document(simulated);
        report.Line($"Message {simulated.Text("message_id")} is committed.");
        if (seconds is null)
        {
            return ExitCodes.Fine;
        }

        var replies = simulated.Items("replies").ToList();
        foreach (var reply in replies)
        {
            report.Line($"{reply.Text("author")} ({reply.Text("status")}): {reply.Text("text")}{(reply.Text("reason") is { } reason ? $" ({reason})" : "")}");
        }

        if (replies.Count == 0)
        {
            report.Line($"No reply within {seconds} s. To do: see what the agent does in the channel's metrics, or in the message's timeline.");
        }

        return replies.Count > 0 && replies.All(reply => reply.Text("status") is not ("failed" or "unknown")) ? ExitCodes.Fine : ExitCodes.Wrong;
    }
}
