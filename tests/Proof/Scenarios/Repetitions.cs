using System.Net;
using Channels.Proof.Ledgers;

namespace Channels.Proof.Scenarios;

/// <summary>Gateways repeat webhooks: at once, much later, in another order, to another life of the product, on another day.</summary>
internal sealed class Repetitions : Scenario
{
    private const int Copies = 3;

    public override string Name => "repetition";

    public override string Promise =>
        "every webhook three times, shuffled, over a restart and over midnight, and all of them again after a kill and after 29 days: no message and no agent turn twice.";

    public override async Task<Verdict> RunAsync(Course course)
    {
        var contacts = course.Size(full: 40, brief: 10);
        var messages = course.Rounds(full: 50, brief: 6);
        var choices = course.Choices(Name);

        // Five minutes before midnight, as the product sees it.
        using var clock = new MovableClock(UntilMidnight() - TimeSpan.FromMinutes(5));
        await using var stage = await Stage.SetAsync(settings: clock.Settings);
        await using var agent = await AgentServer.StartAsync();
        agent.Think = call => TimeSpan.FromMilliseconds(40 * course.Chance(call.Text!));
        var shop = await stage.ShopAsync("repeats", "5491150000001", agent: new { kind = "http", url = agent.Url, history = 0 });
        List<Writer> writers = [.. Enumerable.Range(0, contacts).Select(n => Writer.Customer(shop, $"54911{n:0000000}"))];
        var plans = writers.ToDictionary(writer => writer, _ => Shuffled(messages, choices));

        // A third of the copies each: before, after the restart, after midnight.
        var third = messages * Copies / 3;
        await PostAsync(plans, plan => plan.Take(third));
        var (code, _) = await stage.Product.StopAsync(TimeSpan.FromSeconds(45));
        await stage.Product.StartAgainAsync();
        await PostAsync(plans, plan => plan.Skip(third).Take(third));
        course.Say($"restarted (code {code}); {writers.Sum(writer => writer.Acknowledged.Count)} messages known; midnight passes");
        await clock.SetAsync(clock.Offset + TimeSpan.FromMinutes(10));
        await PostAsync(plans, plan => plan.Skip(2 * third));
        var before = await Comparison.OfAsync("three times, shuffled", writers, text => $"agent: {text}");

        await stage.Product.KillAsync();
        await stage.Product.StartAgainAsync();
        await PostAsync(plans, plan => plan);
        course.Say("killed, and all of them came again; now 29 days pass, and they come again");
        await clock.SetAsync(clock.Offset + TimeSpan.FromDays(29));
        await stage.Product.KillAsync();
        await stage.Product.StartAgainAsync();
        await PostAsync(plans, plan => plan);
        var after = await Comparison.OfAsync("three times, again after a kill, and after 29 days", writers, text => $"agent: {text}");

        // A stop lets agents end, and when the product was killed nobody was asked anything: no call is made twice.
        var asked = Asked.Of(agent.Calls, deaths: 0);
        var metrics = await shop.Channel.MetricsAsync();
        var posted = (long)contacts * messages * Copies * 3;
        string[] uncounted = metrics.DuplicatesDropped == posted - (contacts * messages) ? [] : [$"{posted} webhooks posted for {contacts * messages} messages, {metrics.DuplicatesDropped} counted as duplicates"];
        return new Verdict(
            $"{contacts} conversations × {messages} messages, {posted:#,0} webhooks, {asked}", await stage.StoreAsync(), before.Holds ? [after] : [before, after], [.. asked.Complaints, .. uncounted, .. stage.LogComplaints()]);
    }

    /// <summary>The numbers of so many messages, each three times, in an order of chance.</summary>
    public static List<int> Shuffled(int messages, Random choices)
    {
        int[] all = [.. Enumerable.Range(0, messages * Copies).Select(n => n % messages)];
        choices.Shuffle(all);
        return [.. all];
    }

    /// <summary>Posts part of what each contact is to post: of one contact one after the other, so that the order of their arrival is known; all contacts at once.</summary>
    public static Task PostAsync(Dictionary<Writer, List<int>> plans, Func<List<int>, IEnumerable<int>> part) => Task.WhenAll(plans.Select(async one =>
    {
        var (writer, plan) = one;
        foreach (var n in part(plan).ToList())
        {
            var answer = await writer.AttemptAsync(writer.IdOf(n), writer.TextOf(n));
            if (answer.Status != HttpStatusCode.OK)
            {
                throw new HttpRequestException($"The webhook was answered {answer}");
            }

            if (!writer.Acknowledged.Contains(writer.TextOf(n)))
            {
                writer.Acknowledged.Enqueue(writer.TextOf(n));
            }
        }
    }));

    private static TimeSpan UntilMidnight()
    {
        var now = TimeProvider.System.GetUtcNow();
        return now.UtcDateTime.Date.AddDays(1) - now.UtcDateTime;
    }
}
