using Channels.Proof.Ledgers;

namespace Channels.Proof.Scenarios;

/// <summary>A tenant's agent fails, hangs and is down, and comes back.</summary>
internal sealed class AgentTrouble : Scenario
{
    private const string Apology = "SORRY";
    private const string HandoverText = "A COLLEAGUE WILL ANSWER";

    public override string Name => "agent";

    public override string Promise =>
        "an agent that fails, hangs and is down: an apology or a person as configured, one for each message, in order; its return needs nobody.";

    public override async Task<Verdict> RunAsync(Course course)
    {
        var down = course.Seconds(full: 600, brief: 3);
        var brief = TimeSpan.FromSeconds(course.Brief ? 2 : 15);
        var complaints = new List<string>();
        await using var stage = await Stage.SetAsync();
        await using var agent = await AgentServer.StartAsync();
        object http = new { kind = "http", url = agent.Url, history = 0 };
        var sorry = await stage.ShopAsync("sorry", "5491150000001", http, new { apology = Apology, on_agent_failure = "apologise" });
        var person = await stage.ShopAsync("person", "5491150000002", http, new { handover_text = HandoverText, on_agent_failure = "hand_over" });
        List<Writer> sorries = Numbers(1).ConvertAll(number => Writer.Customer(sorry, number));
        List<Writer> persons = Numbers(2).ConvertAll(number => Writer.Customer(person, number));
        await using var load = new Load([.. sorries, .. persons], pace: TimeSpan.FromMilliseconds(400));
        load.Begin();
        await Task.Delay(brief);

        agent.Behave = _ => 500;
        await Task.Delay(brief);
        if (!course.Brief)
        {
            // Longer than the 25 s after which an agent is given up on.
            agent.Behave = _ => null;
            await Task.Delay(TimeSpan.FromSeconds(40));
        }

        course.Say($"it failed{(course.Brief ? "" : " and hung")}; {load.Acknowledged} acknowledged so far, {agent.Calls.Count} agent calls; now it is down");
        await agent.StopAsync();
        await Task.Delay(down);
        agent.Behave = call => $"agent: {call.Text}";
        await agent.StartAgainAsync();
        await ReturnedAsync(agent, sorries);
        await load.EndAsync();

        var apologies = await DialoguesAsync("apologises", sorries, Expect.AnApology);
        var handovers = await DialoguesAsync("hands over to a person", persons, Expect.APerson);
        complaints.AddRange(await ResumeAsync(persons[0]));
        return new Verdict(
            $"failing, {(course.Brief ? "" : "hanging 40 s, ")}down for {down.TotalSeconds:0} s", await stage.StoreAsync(), [apologies, handovers], [.. complaints, .. stage.LogComplaints()]);
    }

    private enum Expect
    {
        AnApology,
        APerson,
    }

    // Whoever still waits for a hung or failing turn is behind it; then everybody gets answers again.
    private static Task ReturnedAsync(AgentServer agent, List<Writer> writers)
    {
        var before = agent.Calls.Count;
        return Until.TrueAsync("the agent to be asked again", () => agent.Calls.Count > before + (5 * writers.Count), () => $"{agent.Calls.Count - before} calls since its return", TimeSpan.FromSeconds(60));
    }

    // Each message is followed by its own answer, or by the one sentence that stands for it.
    private static async Task<Tally> DialoguesAsync(string what, List<Writer> writers, Expect expect)
    {
        var channel = writers[0].Channel;
        await channel.IdleAsync(webhooksFinished: 0, TimeSpan.FromMinutes(3));
        var parts = new List<Tally>();
        foreach (var writer in writers)
        {
            var messages = await channel.MessagesWithAsync(writer.Contact);
            var sent = writer.Shop!.Sends.Where(send => send.To == writer.Name).Select(send => send.Text).ToList();
            parts.Add(Judge(writer, messages, sent, expect));
        }

        return Tally.Sum(what, parts);
    }

    private static Tally Judge(Writer writer, IReadOnlyList<Message> messages, List<string> sent, Expect expect)
    {
        var acknowledged = writer.Acknowledged.ToList();
        var stored = messages.Where(message => message.IsIn).ToList();
        var (lost, wrong, late) = (new List<string>(), new List<string>(), new List<string>());
        lost.AddRange(acknowledged.Except(stored.Select(message => message.Text!)).Select(text => $"{text} (not stored)"));
        var doubled = stored.CountBy(message => message.Text!).Where(one => one.Value > 1).Select(one => $"{one.Key} (stored {one.Value} times)").ToList();
        if (!stored.Select(message => message.Text).SequenceEqual(acknowledged))
        {
            late.Add($"{writer.Name}: not stored in the order of arrival");
        }

        var answers = Expected(stored, expect).ToList();
        if (!sent.SequenceEqual(answers))
        {
            var place = sent.Zip(answers).TakeWhile(pair => pair.First == pair.Second).Count();
            (sent.Count < answers.Count ? lost : sent.Count > answers.Count ? doubled : late)
                .Add($"{writer.Name}: {answers.Count} answers expected, {sent.Count} sent; the first that differs is number {place + 1}: {sent.ElementAtOrDefault(place)} for {answers.ElementAtOrDefault(place)}");
        }

        if (expect == Expect.AnApology && stored is [.., { Reason: not null } last])
        {
            wrong.Add($"{last.Text}: the agent was back, and this was not answered: {last.Reason}");
        }

        return new Tally(writer.Name, acknowledged.Count, stored.Count, sent.Count, lost, doubled, [], late, [], wrong);
    }

    // A message without an answer of its own says why.
    private static IEnumerable<string> Expected(IEnumerable<Message> stored, Expect expect)
    {
        var handedOver = false;
        foreach (var message in stored)
        {
            if (message.Reason is null && !handedOver)
            {
                yield return $"agent: {message.Text}";
            }
            else if (expect == Expect.AnApology)
            {
                yield return Apology;
            }
            else if (!handedOver)
            {
                handedOver = true;
                yield return HandoverText;
            }
        }
    }

    // The button to press once the person is done.
    private static async Task<IReadOnlyList<string>> ResumeAsync(Writer writer)
    {
        var conversation = (await writer.Channel.ConversationsAsync()).Single(one => one.Contact.Id == writer.Contact);
        if (!conversation.AgentPaused)
        {
            return [$"{writer.Name}: the agent failed, and the conversation is not a person's"];
        }

        await writer.Channel.Api.PostAsync($"/api/v1/conversations/{conversation.Id}/resume");
        var text = writer.TextOf(writer.Acknowledged.Count);
        await writer.AttemptAsync(writer.IdOf(writer.Acknowledged.Count), text);
        await Until.TrueAsync("an answer after the resumption", () => writer.Shop!.Sends.Any(send => send.Text == $"agent: {text}"));
        return [];
    }

    private static List<string> Numbers(int channel) => [.. Enumerable.Range(1, 6).Select(n => $"54911{channel}00000{n}")];
}
