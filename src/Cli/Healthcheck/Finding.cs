using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Cli.Api;
using Channels.Cli.Output;
using Channels.Cli.Validate;

namespace Channels.Cli.Healthcheck;

/// <summary>What was found about one channel.</summary>
internal sealed record Finding(ChannelState Channel, ConnectionCheck? Check)
{
    /// <summary>Whether somebody has to do something.</summary>
    public bool NeedsAttention => Channel.IsInTrouble || Check is { IsWell: false };

    /// <summary>Says it to people: what, since when, what to do.</summary>
    public void Tell(Report report)
    {
        report.Line($"{(Channel.Name.Length > 0 ? Channel.Name : "channel")} ({Channel.Id}{(Channel.Kind.Length > 0 ? $", {Channel.Kind}" : "")})");
        if (Channel.Hold is { } hold)
        {
            report.Line($"  {hold.What}{(hold.Since is { } from ? $" Since {Report.Time(from)}." : "")}");
            report.Line($"  To do: {hold.NextStep ?? "Ask the operator."}");
        }

        if (!Channel.IsActive || Channel.Code is not null)
        {
            report.Line($"  {Channel.Status}{(Channel.IsActive ? ", but " : Channel.Reason is null ? "" : ": ")}{Channel.Reason ?? (Channel.IsActive ? Channel.Code : "")}{(Channel.Since is { } since ? $"; since {Report.Time(since)}" : "")}");
            report.Line($"  To do: {Channel.NextStep ?? "Activate the channel; if it stays so, look at its status history."}");
        }

        foreach (var problem in Check?.Problems ?? [])
        {
            report.Line($"  connection: {problem}");
        }
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["channel_id"] = Channel.Id,
            ["name"] = Channel.Name,
            ["channel_type"] = Channel.Kind,
            ["status"] = Channel.Status,
            ["code"] = Channel.Code,
            ["what"] = Channel.Reason,
            ["since"] = Channel.Since,
            ["next_step"] = Channel.NextStep,
        };
        if (Channel.Hold is { } hold)
        {
            json["hold"] = new JsonObject { ["reason"] = hold.Code, ["what"] = hold.What, ["since"] = hold.Since, ["next_step"] = hold.NextStep };
        }

        if (Check is not null)
        {
            json["connection"] = CheckToJson();
        }

        return json;
    }

    public JsonObject CheckToJson() => new()
    {
        ["channel_id"] = Channel.Id,
        ["result"] = Check!.Result,
        ["problems"] = new JsonArray([.. Check.Problems.Select(problem => JsonValue.Create(problem))]),
        ["found"] = Check.Found,
    };
}

/// <summary>What asking a channel's provider came to.</summary>
/// <param name="Result"><c>ok, failed</c>, or <c>not_supported</c> by kinds whose provider cannot be asked.</param>
/// <param name="Problems">What is wrong, with what to do.</param>
/// <param name="Found">What was found there.</param>
/// <param name="Failed">Set when the question itself was not answered.</param>
internal sealed record ConnectionCheck(string Result, ImmutableArray<string> Problems, string? Found, ApiAnswer? Failed)
{
    /// <summary>Whether nothing is to be done.</summary>
    public bool IsWell => Result != "failed";

    public static async Task<ConnectionCheck> AskAsync(ApiClient api, ChannelState channel, CancellationToken cancellationToken) =>
        Of(api.Expect(
            await api.PostAsync($"/api/v1/channels/{channel.Id}/test-connection", new JsonObject(), ApiClient.ForProviders, cancellationToken), body => body.Member("ok").ValueKind is JsonValueKind.True or JsonValueKind.False));

    private static ConnectionCheck Of(ApiAnswer answer) => answer switch
    {
        ApiAnswer.Done { Body: var body } => new(
            body.IsTrue("ok") ? "ok" : "failed", [.. body.Items("complaints").Select(Complaint.Of).Select(complaint => complaint.ToString())], body.Text("found"), null),
        ApiAnswer.Refused { Problem.Code: "wrong_channel_kind" } => new("not_supported", [], null, null),
        ApiAnswer.Refused { Problem: var problem } => new(
            "failed", [$"{problem.Title}.{(problem.Detail is { } detail ? $" {detail}" : "")}{(problem.Remedy is { } remedy ? $" To do: {remedy}" : "")}"], null, answer),
        _ => new("failed", [], null, answer),
    };
}
