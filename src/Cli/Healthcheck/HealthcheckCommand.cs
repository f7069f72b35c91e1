using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Cli.Api;
using Channels.Cli.Output;
using Channels.Cli.Settings;

namespace Channels.Cli.Healthcheck;

/// <summary><c>channels healthcheck</c>: is the server ready, and which channels need somebody? For scripts and cron.</summary>
internal static class HealthcheckCommand
{
    public static Command Create(ServerOptions options)
    {
        var connection = new Option<bool>("--check-connection") { Description = "Ask every channel's provider as well" };
        var only = Values.Ids("--channel", "--account", "Only this channel; may be repeated");
        var command = new Command(
            "healthcheck", "Says whether the server is ready, and for each channel in trouble what, since when, and what to do. Ends with 1 when anything needs attention. Channels that were deactivated on purpose need none.")
        {
            connection, only,
        };
        command.SetAction((parse, cancellationToken) => options.AskAsync(
            parse, (api, report) => CheckAsync(api, report, [.. parse.GetValue(only) ?? []], parse.GetValue(connection), cancellationToken)));
        return command;
    }

    private static async Task<int> CheckAsync(ApiClient api, Report report, ImmutableArray<Guid> only, bool checkConnection, CancellationToken cancellationToken)
    {
        var ready = api.Expect(await api.GetAsync("/readyz", cancellationToken), body => body.Text("status") == "ready");
        if (ready is ApiAnswer.Refused { Problem.Code: "not_ready" or "store_unavailable" } notReady)
        {
            return NotReady(report, notReady.Problem);
        }

        if (ready is not ApiAnswer.Done { Body: var server })
        {
            return report.Failure(ready);
        }

        var (channels, failure) = only.IsEmpty ? await ChannelReading.AllAsync(api, cancellationToken) : await ChannelReading.TheseAsync(api, only, cancellationToken);
        if (failure is not null)
        {
            return report.Failure(failure);
        }

        var findings = new List<Finding>();
        foreach (var channel in channels)
        {
            var check = checkConnection && channel is { IsOffOnPurpose: false, IsThere: true } ? await ConnectionCheck.AskAsync(api, channel, cancellationToken) : null;

            // A key that may not look at connections may not look at any: no channel is at fault.
            if (check is { Failed: ApiAnswer.Unreachable or ApiAnswer.Refused { Problem.Status: 401 or 403 } })
            {
                return report.Failure(check.Failed);
            }

            findings.Add(new(channel, check));
        }

        ImmutableArray<ServerTrouble> troubles = [.. server.Items("attention").Select(ServerTrouble.Of)];
        Tell(report, troubles, findings);
        return !troubles.IsEmpty || findings.Any(finding => finding.NeedsAttention) ? ExitCodes.Wrong : ExitCodes.Fine;
    }

    private static int NotReady(Report report, ApiProblem problem)
    {
        var what = problem.Detail ?? $"{problem.Title}.";
        report.Document(new JsonObject { ["ok"] = false, ["server"] = new JsonObject { ["ready"] = false, ["what"] = what, ["next_step"] = problem.Remedy } });
        report.Line($"server: {what} To do: {problem.Remedy}");
        return ExitCodes.Wrong;
    }

    private static void Tell(Report report, ImmutableArray<ServerTrouble> troubles, List<Finding> findings)
    {
        var attention = findings.Where(finding => finding.NeedsAttention).ToList();
        report.Document(new JsonObject
        {
            ["ok"] = attention.Count == 0 && troubles.IsEmpty,
            ["server"] = new JsonObject { ["ready"] = true, ["attention"] = new JsonArray([.. troubles.Select(trouble => trouble.ToJson())]) },
            ["channels"] = new JsonObject
            {
                ["total"] = findings.Count,
                ["active"] = findings.Count(finding => finding.Channel.IsActive),
                ["off_on_purpose"] = findings.Count(finding => finding.Channel.IsOffOnPurpose),
            },
            ["attention"] = new JsonArray([.. attention.Select(finding => finding.ToJson())]),
            ["checked"] = new JsonArray([.. findings.Where(finding => finding.Check is not null).Select(finding => finding.CheckToJson())]),
        });
        foreach (var trouble in troubles)
        {
            trouble.Tell(report);
        }

        foreach (var finding in attention)
        {
            finding.Tell(report);
        }

        var ready = troubles.IsEmpty ? "The server is ready" : "The server is ready and needs attention";
        report.Line(attention.Count == 0
            ? $"{ready}; {Count(findings.Count)}, none needs attention."
            : $"{ready}; {Count(findings.Count)}, {attention.Count} in need of attention.");
    }

    private static string Count(int channels) => channels == 1 ? "1 channel" : $"{channels} channels";
}
