using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Cli.Api;
using Channels.Cli.Output;

namespace Channels.Cli.Healthcheck;

/// <summary>What is wrong with a server that may be sent traffic all the same.</summary>
internal sealed record ServerTrouble(string? Code, string What, string? Since, string? NextStep)
{
    public static ServerTrouble Of(JsonElement trouble) => new(trouble.Text("code"), trouble.Text("what") ?? "", trouble.Text("since"), trouble.Text("next_step"));

    /// <summary>Says it to people.</summary>
    public void Tell(Report report)
    {
        report.Line($"server: {What}{(Since is { } since ? $" Since {Report.Time(since)}." : "")}");
        report.Line($"  To do: {NextStep ?? "Look into the server's log."}");
    }

    public JsonObject ToJson() => new() { ["code"] = Code, ["what"] = What, ["since"] = Since, ["next_step"] = NextStep };
}
