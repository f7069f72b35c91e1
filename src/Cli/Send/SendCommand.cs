using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Cli.Api;
using Channels.Cli.Output;
using Channels.Cli.Settings;

namespace Channels.Cli.Send;

/// <summary><c>channels send</c>: queues one message, once however often it has to be asked for, and follows it when told to.</summary>
internal static class SendCommand
{
    private const int UsualWait = 60;
    private const int LongestWait = 24 * 60 * 60;

    public static Command Create(ServerOptions options)
    {
        var account = Values.RequiredId("--account", "--channel", "The account (channel) that says it");
        var wait = Values.Seconds(
            "--wait", $"Wait until it is sent or has failed, for so many seconds at the most ({UsualWait} when no number is given, {LongestWait} at the most)", LongestWait);
        var key = new Option<string?>("--idempotency-key") { Description = "Under the same key the same message is sent once, however often this is run. Default: a new one", HelpName = "key" };
        var message = new MessageOptions(options.Here);
        var command = new Command("send", "Sends a message from an account. Ends with 1 when it is refused, or with --wait when it was not sent.") { account, wait, key };
        message.AddTo(command);
        command.SetAction((parse, cancellationToken) => options.AskAsync(parse, (api, report) =>
        {
            var patience = parse.GetResult(wait) is { Implicit: false } ? TimeSpan.FromSeconds(parse.GetValue(wait) ?? UsualWait) : default(TimeSpan?);
            return SendAsync(parse, api, report, options.Here, message, parse.GetValue(account), parse.GetValue(key) ?? ApiClient.NewIdempotencyKey(), patience, cancellationToken);
        }));
        return command;
    }

    private static async Task<int> SendAsync(
        ParseResult parse, ApiClient api, Report report, Surroundings here, MessageOptions message, Guid account, string idempotencyKey, TimeSpan? patience, CancellationToken cancellationToken)
    {
        if (!ApiClient.CanBeIdempotencyKey(idempotencyKey))
        {
            return report.Misuse("The --idempotency-key must have 1 to 255 visible ASCII characters, without spaces.");
        }

        var (body, complaint) = message.Read(parse);
        if (body is null)
        {
            return report.Misuse(complaint!, "See 'channels send --help'.");
        }

        if (message.FileOf(parse) is { } file && await UploadAsync(api, report, here, file, body, cancellationToken) is { } failed)
        {
            return failed;
        }

        var answer = api.Expect(
            await api.PostRepeatedlyAsync($"/api/v1/accounts/{account}/messages", body, idempotencyKey, TimeSpan.Zero, cancellationToken), sent => sent.Text("id") is not null);
        if (answer is not ApiAnswer.Done { Body: var queued })
        {
            if (answer is ApiAnswer.Unreachable or ApiAnswer.Refused { Problem: { MayPass: true } or { Status: >= 500 } })
            {
                report.Note($"Whether it was queued is not known. The same command with --idempotency-key {idempotencyKey} sends it once in either case.");
            }

            return report.Failure(answer);
        }

        if (patience is null)
        {
            report.Document(queued);
            report.Line($"Message {queued.Text("id")} is {queued.Text("status")}{Place(queued.Number("queue_position"))}.");
            return ExitCodes.Fine;
        }

        return await new SentMessage(api, report, here.Clock).FollowAsync(queued.Text("id") ?? "", patience.Value, cancellationToken);
    }

    private static async Task<int?> UploadAsync(ApiClient api, Report report, Surroundings here, string file, JsonObject body, CancellationToken cancellationToken)
    {
        byte[] content;
        try
        {
            content = await File.ReadAllBytesAsync(here.At(file), cancellationToken);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return report.Misuse($"The file {file} cannot be read.");
        }

        var answer = api.Expect(await api.UploadAsync(content, cancellationToken), upload => upload.Text("media_id") is not null);
        if (answer is not ApiAnswer.Done { Body: var kept })
        {
            return report.Failure(answer);
        }

        MessageOptions.PutFile(body, kept.Text("media_id") ?? "");
        return null;
    }

    private static string Place(long? position) => position switch
    {
        null => "",
        1 => ", next to be sent",
        _ => $", number {position} in the queue",
    };
}
