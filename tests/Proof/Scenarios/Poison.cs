using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Proof.Ledgers;

namespace Channels.Proof.Scenarios;

/// <summary>Authentic webhooks that nobody can read, that were damaged on their way, or that crash their parser, between good ones of the same channel.</summary>
internal sealed class Poison : Scenario
{
    // The gateway's own envelope with something else where the message should be: read, and nothing to be done with.
    private static readonly string[] Unreadable =
        ["", "hello", "[1,2,3]", "null", "\"text\"", "17", "{\"event\":\"messages.upsert\",\"data\":", new string('[', 5000), $"{{\"a\":{new string('[', 400)}{new string(']', 400)}}}", "\u0000\u0000", "{'event':1}"];

    public override string Name => "poison";

    public override string Promise => "unreadable and damaged webhooks, and such that crash their parser, between good ones: parked with a reason, the good ones answered in order; replayed once the parser is mended.";

    public override async Task<Verdict> RunAsync(Course course)
    {
        var rounds = course.Rounds(full: 400, brief: 60);
        var choices = course.Choices(Name);
        var complaints = new List<string>();
        using var parser = new FaultyParser();
        await using var stage = await Stage.SetAsync(settings: parser.Settings);
        var shop = await stage.ShopAsync("poisoned", "5491150000001");
        List<Writer> writers = [.. Enumerable.Range(1, 4).Select(n => Writer.Customer(shop, $"549116100000{n}"))];
        await using var load = new Load(writers, pace: TimeSpan.FromMilliseconds(25));
        load.Begin();
        var (unreadable, damaged) = (0, 0);
        for (var n = 0; n < rounds; n++)
        {
            await Task.Delay(choices.Next(40));
            if (choices.Next(2) == 0)
            {
                unreadable++;
                await PostAsync(shop.Channel, Encoding.UTF8.GetBytes(Unreadable[choices.Next(Unreadable.Length)]), complaints);
            }
            else
            {
                // Of a contact of its own: damage may leave a message that is one.
                damaged++;
                await PostAsync(shop.Channel, Damaged(EvolutionBodies.Text(shop.Name, EvolutionBodies.Person("5491199999999"), $"DAMAGED{n}", $"{Writer.Mark} damaged"), choices), complaints);
            }
        }

        await load.EndAsync();
        var tally = await Comparison.OfAsync("the good ones", writers, strangersWrite: true);
        var metrics = await shop.Channel.MetricsAsync();
        course.Say($"{unreadable} unreadable and {damaged} damaged webhooks among {load.Acknowledged} good ones; {metrics.WebhooksParked} parked, {metrics.WebhooksFinished} finished");
        if (metrics.WebhooksParked + metrics.WebhooksFinished != load.Acknowledged + rounds)
        {
            complaints.Add($"{load.Acknowledged + rounds} webhooks got a 200, {metrics.WebhooksParked} were parked and {metrics.WebhooksFinished} finished");
        }

        if (metrics.ParkedNow < unreadable)
        {
            complaints.Add($"{unreadable} were unreadable, {metrics.ParkedNow} are parked");
        }

        complaints.AddRange(await ReplayAsync(shop.Channel, metrics));
        var mended = await parser.RunAsync(stage, course, complaints);
        return new Verdict(
            $"{unreadable} unreadable, {damaged} damaged, among {load.Acknowledged} good ones; a parser mended, {mended[^1].Acknowledged} of its kind", await stage.StoreAsync(), [tally, .. mended],
            [.. complaints, .. stage.LogComplaints()]);
    }

    // What cannot be read today is parked again, and not forgotten.
    private static async Task<IReadOnlyList<string>> ReplayAsync(Channel channel, Metrics before)
    {
        var complaints = new List<string>();
        var parked = (await channel.Api.GetAsync($"/api/v1/parked-webhooks?channel_id={channel.Id}&limit=200")).GetProperty("parked_webhooks").EnumerateArray().ToList();
        complaints.AddRange(parked.Where(one => string.IsNullOrWhiteSpace(one.GetProperty("reason").GetString())).Select(one => $"parked without a reason: {one.GetProperty("id")}"));
        var replayed = 0;
        while ((await channel.Api.PostAsync($"/api/v1/channels/{channel.Id}/parked-webhooks/replay")).GetProperty("replayed").GetInt32() is > 0 and var some && replayed < before.ParkedNow)
        {
            replayed += some;
        }

        var after = await Until.SeenAsync(
            "all that was replayed to be parked again", channel.MetricsAsync, now => now.WebhooksWaiting == 0 && now.ParkedNow == before.ParkedNow, within: TimeSpan.FromSeconds(60));
        return replayed < before.ParkedNow ? [.. complaints, $"{before.ParkedNow} were parked, {replayed} replayed"] : complaints;
    }

    private static async Task PostAsync(Channel channel, byte[] body, List<string> complaints)
    {
        var answer = await channel.PostWebhookAsync(body);
        if (answer.Status != HttpStatusCode.OK)
        {
            complaints.Add($"an authentic webhook of {body.Length} bytes was answered {(int)answer.Status}");
        }
    }

    private static byte[] Damaged(byte[] body, Random choices)
    {
        switch (choices.Next(4))
        {
            case 0:
                return body[..choices.Next(1, body.Length)];
            case 1:
                for (var flips = choices.Next(1, 20); flips > 0; flips--)
                {
                    body[choices.Next(body.Length)] = (byte)choices.Next(256);
                }

                return body;
            case 2:
                var (from, to) = (choices.Next(body.Length), choices.Next(body.Length));
                return [.. body[..from], .. body[to..]];
            default:
                return Retyped(body, choices);
        }
    }

    // Well-formed, but one value is of a type nobody expects.
    private static byte[] Retyped(byte[] body, Random choices)
    {
        var root = JsonNode.Parse(body)!;
        var places = new List<JsonNode>();
        Collect(root);
        var place = places[choices.Next(places.Count)];
        string[] others = ["null", "-1e308", "true", "[]", "{}", "\"\\u0000\"", "99999999999999999999", "[[[]]]"];
        place.ReplaceWith(JsonNode.Parse(others[choices.Next(others.Length)]));
        return JsonSerializer.SerializeToUtf8Bytes(root);

        void Collect(JsonNode node)
        {
            foreach (var child in node is JsonObject members ? members.Select(member => member.Value) : [])
            {
                if (child is not null)
                {
                    places.Add(child);
                    Collect(child);
                }
            }
        }
    }
}
