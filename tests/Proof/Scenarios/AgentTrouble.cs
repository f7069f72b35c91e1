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
        var down = course.Seconds(full: 600, brief: 2);
        var calm = TimeSpan.FromSeconds(course.Brief ? 1 : 10);
        var (failing, hanging) = (TimeSpan.FromSeconds(course.Brief ? 1 : 15), TimeSpan.FromSeconds(course.Brief ? 1 : 40));
        var complaints = new List<string>();
        await using var stage = await Stage.SetAsync();
        await using var agent = await AgentServer.StartAsync();
        object http = new { kind = "http", url = agent.Url, history = 0 };
        var sorry = await stage.ShopAsync("sorry", "5491150000001", http, new { apology = Apology, on_agent_failure = "apologise" });
        var person = await stage.ShopAsync("person", "5491150000002", http, new { handover_text = HandoverText, on_agent_failure = "hand_over" });
        List<Writer> sorries = Numbers(1, 6).ConvertAll(number => Writer.Customer(sorry, number));
        await using var load = new Load(sorries, pace: TimeSpan.FromMilliseconds(400));
        load.Begin();

        // Whoever was handed over meets no agent any more: each trouble gets contacts of its own to hand over.
        List<Trouble> troubles =
        [
            new("failing", failing, "The agent answered 500.", () => Behaving(agent, _ => 500), () => Behaving(agent, Answering)),
            new("hanging", hanging, "The agent did not answer within 24 s.", () => Behaving(agent, _ => null), () => Behaving(agent, Answering)),
            new("down", down, "The agent could not be reached.", agent.StopAsync, agent.StartAgainAsync),
        ];
        List<Writer> persons = [];
        foreach (var (place, trouble) in troubles.Index())
        {
            List<Writer> fresh = Numbers(place + 2, 4).ConvertAll(number => Writer.Customer(person, number));
            persons.AddRange(fresh);
            await using var writing = new Load(fresh, pace: TimeSpan.FromMilliseconds(400));
            writing.Begin();
            await AnsweredAsync(fresh);
            await Task.Delay(calm);
            await trouble.BeginAsync();
            var reached = ReachedAsync(agent, [.. sorries, .. fresh], trouble);
            await Task.Delay(trouble.Lasts);
            await reached;
            var asked = agent.Calls.Count;
            await trouble.EndAsync();

            // A hung call is given up on after 24 s, whatever the agent does by then.
            await MetAsync([.. sorries, .. fresh], trouble);
            await HandedOverAsync(fresh, trouble);
            await ReturnedAsync(agent, asked, sorries);
            await writing.EndAsync();
            course.Say($"it was {trouble.Name} for {trouble.Lasts.TotalSeconds:0} s, and is back; {load.Acknowledged + persons.Sum(writer => writer.Acknowledged.Count)} acknowledged so far, {agent.Calls.Count} agent calls");
        }

        await load.EndAsync();
        var apologies = await DialoguesAsync("apologises", sorries, Expect.AnApology);
        var handovers = await DialoguesAsync("hands over to a person", persons, Expect.APerson);
        complaints.AddRange(await ResumeAsync(persons[0]));
        return new Verdict(
            string.Join(", ", troubles.Select(trouble => $"{trouble.Name} {trouble.Lasts.TotalSeconds:0} s")), await stage.StoreAsync(), [apologies, handovers], [.. complaints, .. stage.LogComplaints()]);
    }

    /// <summary>One kind of trouble, and the words by which the product tells it.</summary>
    private sealed record Trouble(string Name, TimeSpan Lasts, string Words, Func<Task> BeginAsync, Func<Task> EndAsync);

    private enum Expect
    {
        AnApology,
        APerson,
    }

    private static string Answering(AgentCall call) => $"agent: {call.Text}";

    private static Task Behaving(AgentServer agent, Func<AgentCall, object?> behaviour)
    {
        agent.Behave = behaviour;
        return Task.CompletedTask;
    }

    // They know the agent before it is in trouble.
    private static Task AnsweredAsync(List<Writer> writers) => Until.TrueAsync(
        "everybody to be answered by the agent", () => writers.TrueForAll(writer => SentTo(writer).Any(text => text.StartsWith("agent: ", StringComparison.Ordinal))));

    private static Task HandedOverAsync(List<Writer> writers, Trouble trouble) => Until.TrueAsync(
        $"everybody to be handed over, the agent {trouble.Name}", () => writers.TrueForAll(writer => SentTo(writer).Contains(HandoverText)),
        () => $"{writers.Count(writer => SentTo(writer).Contains(HandoverText))} of {writers.Count} were", TimeSpan.FromSeconds(60));

    private static List<string> SentTo(Writer writer) => [.. writer.Shop!.Sends.Where(send => send.To == writer.Name).Select(send => send.Text)];

    // Whoever still waits for a hung or failing turn is behind it; then everybody gets answers again.
    private static Task ReturnedAsync(AgentServer agent, int before, List<Writer> writers) => Until.TrueAsync(
        "the agent to be asked again", () => agent.Calls.Count > before + (5 * writers.Count), () => $"{agent.Calls.Count - before} calls since its return", TimeSpan.FromSeconds(60));

    // Everybody has asked since it began, or got the sentence for it already: a machine with other work may take longer than a short trouble lasts.
    private static Task ReachedAsync(AgentServer agent, List<Writer> writers, Trouble trouble)
    {
        var calls = agent.Calls.Count;
        var before = writers.ConvertAll(Sentences);
        return Until.TrueAsync(
            $"everybody to be reached, the agent {trouble.Name}",
            () => writers.Index().All(one => Sentences(one.Item) > before[one.Index] || agent.Calls.Skip(calls).Any(call => call.Text!.Contains(one.Item.Name, StringComparison.Ordinal))));

        static int Sentences(Writer writer) => SentTo(writer).Count(text => text is Apology or HandoverText);
    }

    // Each of them has a message of which the agent failed in just this way.
    private static async Task MetAsync(List<Writer> writers, Trouble trouble) => await Until.SeenAsync(
        $"messages of everybody with the reason '{trouble.Words}'",
        async () =>
        {
            var unmet = new List<string>();
            foreach (var writer in writers)
            {
                var messages = await writer.Channel.MessagesWithAsync(writer.Contact);
                if (!messages.Any(message => message.IsIn && message.Reason?.Contains(trouble.Words, StringComparison.Ordinal) == true))
                {
                    unmet.Add($"{writer.Name} has none, but: {string.Join(" | ", messages.Select(message => message.Reason).OfType<string>().Distinct())}");
                }
            }

            return unmet;
        },
        unmet => unmet.Count == 0,
        unmet => string.Join("; ", unmet),
        TimeSpan.FromSeconds(60));

    // Each message is followed by its own answer, or by the one sentence that stands for it.
    private static async Task<Tally> DialoguesAsync(string what, List<Writer> writers, Expect expect)
    {
        var channel = writers[0].Channel;
        await channel.IdleAsync(webhooksFinished: 0, TimeSpan.FromMinutes(3));
        var parts = new List<Tally>();
        foreach (var writer in writers)
        {
            var messages = await channel.MessagesWithAsync(writer.Contact);
            parts.Add(Judge(writer, messages, SentTo(writer), expect));
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

    private static List<string> Numbers(int group, int count) => [.. Enumerable.Range(1, count).Select(n => $"54911{group}00000{n}")];
}
