using System.Net;
using System.Reflection;
using System.Text.Json;
using Channels.Proof.Ledgers;
using Channels.Testing;

namespace Channels.Proof.Scenarios;

/// <summary>A kind whose parser throws on certain authentic webhooks, and the version of it that does not: the part of <see cref="Poison"/> that ends with a fix.</summary>
/// <remarks><c>tests/FaultyGate</c> is what the product loads first. The sample that it is a bad copy of takes its place, under the same path, while the product is stopped.</remarks>
internal sealed class FaultyParser : IDisposable
{
    private const string Module = "Channels.Samples.SmsGate.dll";
    private const string Time = "2026-11-20T10:00:00Z";

    private readonly TemporaryDirectory _directory = TemporaryDirectory.Create();

    public FaultyParser() => Install("FaultyKind");

    /// <summary>Environment of the product's process.</summary>
    public IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["Channels__RegistryModules__0"] = _directory.Combine(Module) };

    /// <summary>Good and poisoned ones, the mending, and what became of all of them. Restarts the product of the stage.</summary>
    public async Task<IReadOnlyList<Tally>> RunAsync(Stage stage, Course course, List<string> complaints)
    {
        var choices = course.Choices("a faulty parser");
        await using var gateway = await SmsGateway.StartAsync();
        var channel = await gateway.ChannelAsync(stage, "sms");

        // They write what has no time, a time that is a number, one that is null, and one that is none: four ways to throw, and as many causes.
        List<Writer> poisoned =
        [
            gateway.Contact(channel, "+351900000001", (id, text) => new { id, from = "+351900000001", text }),
            gateway.Contact(channel, "+351900000002", (id, text) => new { id, from = "+351900000002", text, sent_at = 1_795_000_000 }),
            gateway.Contact(channel, "+351900000003", (id, text) => new { id, from = "+351900000003", text, sent_at = "a moment ago" }),
            gateway.Contact(channel, "+351900000004", (id, text) => new { id, from = "+351900000004", text, sent_at = (string?)null }),
        ];
        List<Writer> good = [.. Enumerable.Range(5, 3).Select(n => $"+35190000000{n}").Select(number => gateway.Contact(channel, number, (id, text) => new { id, from = number, text, sent_at = Time }))];
        for (var n = course.Size(full: 40, brief: 5); n > 0; n--)
        {
            Writer[] turn = [.. poisoned, .. good];
            choices.Shuffle(turn);
            await WriteAsync(turn);
        }

        // The gateway's list is read once nothing waits any more. Whoever has written poison only is a stranger yet: a conversation of theirs would be wrong.
        await channel.IdleAsync(webhooksFinished: 0, TimeSpan.FromMinutes(3));
        var before = await Comparison.OfAsync("the good ones beside a parser that throws", good, sent: [.. gateway.Sends.Where(send => good.Exists(writer => writer.Name == send.To))]);
        var posted = poisoned.Sum(writer => writer.Acknowledged.Count);
        complaints.AddRange(await ParkedAsync(channel, posted, poisoned.Count));
        if (gateway.Sends.FirstOrDefault(send => poisoned.Exists(writer => writer.Name == send.To)) is { } early)
        {
            complaints.Add($"what was parked was answered: {early.Text}");
        }

        var (faulty, _) = (await VersionAsync(channel.Api), await stage.Product.StopAsync(TimeSpan.FromSeconds(45)));
        Install("MendedKind");
        await stage.Product.StartAgainAsync();
        var mended = await VersionAsync(channel.Api);
        course.Say($"a parser threw on {posted} webhooks among {good.Sum(writer => writer.Acknowledged.Count)} good ones; version {faulty} of its module was replaced by {mended}");
        complaints.AddRange(await DryRunAsync(channel, posted));
        await ReplayAsync(channel, good, posted, complaints);

        // Once more from everybody: behind what was put back.
        await WriteAsync([.. good, .. poisoned]);
        await channel.IdleAsync(webhooksFinished: 0, TimeSpan.FromMinutes(3));
        var after = await Comparison.OfAsync("all of them after the fix and a replay", [.. good, .. poisoned], sent: gateway.Sends);
        var metrics = await channel.MetricsAsync();
        if (metrics.ParkedNow != 0)
        {
            complaints.Add($"{metrics.ParkedNow} are parked after the fix and a replay");
        }

        return [before, after];
    }

    public void Dispose() => _directory.Dispose();

    private static async Task WriteAsync(IReadOnlyList<Writer> writers)
    {
        foreach (var writer in writers)
        {
            var n = writer.Acknowledged.Count;
            var answer = await writer.AttemptAsync(writer.IdOf(n), writer.TextOf(n));
            if (answer.Status != HttpStatusCode.OK)
            {
                throw new HttpRequestException($"An authentic webhook was answered {answer}");
            }

            writer.Acknowledged.Enqueue(writer.TextOf(n));
        }
    }

    // One group for each way to throw, and what to do about it.
    private static async Task<IReadOnlyList<string>> ParkedAsync(Channel channel, int posted, int ways)
    {
        var groups = (await channel.Api.GetAsync($"/api/v1/parked-webhooks/groups?channel_id={channel.Id}")).GetProperty("groups").EnumerateArray().ToList();
        var causes = string.Join(", ", groups.Select(group => $"{group.GetProperty("count")} × {group.GetProperty("cause")}"));
        return groups.Count == ways && groups.Sum(group => group.GetProperty("count").GetInt32()) == posted
            && groups.TrueForAll(group => group.GetProperty("cause").GetString()!.StartsWith($"the parser of '{SmsGateway.Kind}' failed", StringComparison.Ordinal))
            ? [] : [$"{posted} webhooks were made for a parser to fail on in {ways} ways; parked are {causes}"];
    }

    private static async Task<IReadOnlyList<string>> DryRunAsync(Channel channel, int posted)
    {
        var would = await channel.Api.PostAsync("/api/v1/parked-webhooks/replays", new { channel_id = channel.Id, dry_run = true });
        var after = await channel.MetricsAsync();
        return would.GetProperty("would_replay").GetInt32() == posted && after.ParkedNow == posted
            ? [] : [$"{posted} are parked; a dry run would put back {would.GetProperty("would_replay")}, and left {after.ParkedNow}"];
    }

    // Good ones go on meanwhile: they wait for none of it.
    private static async Task ReplayAsync(Channel channel, IReadOnlyList<Writer> good, int posted, List<string> complaints)
    {
        var begun = await channel.Api.PostAsync("/api/v1/parked-webhooks/replays", new { channel_id = channel.Id, rate = 20 });
        var path = $"/api/v1/parked-webhooks/replays/{begun.GetProperty("id").GetGuid()}";
        await WriteAsync(good);
        await WriteAsync(good);
        var ended = await Until.SeenAsync("the replay to end", () => channel.Api.GetAsync(path), now => now.GetProperty("state").GetString() != "running");
        if (ended.GetProperty("state").GetString() != "done" || ended.GetProperty("replayed").GetInt32() != posted)
        {
            complaints.Add($"of {posted} parked ones a replay put back {ended.GetProperty("replayed")}, and is {ended.GetProperty("state")}");
        }
    }

    private static async Task<string> VersionAsync(ChannelsClient api) =>
        (await api.GetAsync("/api/channels")).GetProperty("modules").EnumerateArray().Select(module => module.GetProperty("version").GetString()).Single()!;

    // As an operator does it: another file in the same place.
    private void Install(string which) => File.Copy(
        typeof(FaultyParser).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == which).Value!, _directory.Combine(Module), overwrite: true);
}
