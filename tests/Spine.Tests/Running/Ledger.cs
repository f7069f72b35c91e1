namespace Channels.Spine.Tests.Running;

/// <summary>Compares what was acknowledged, what the product says it did, and what the gateway got: nothing lost, in order, each double marked.</summary>
internal sealed record Ledger(int Acknowledged, IReadOnlyList<string> Lost, IReadOnlyList<string> Doubled, IReadOnlyList<string> DoubledUnmarked, int Marked, IReadOnlyList<string> Wrong)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>Waits until nothing of the channel waits, then compares.</summary>
    /// <param name="writers">Who wrote to it.</param>
    /// <param name="shop">Its gateway's end; null for a simulator, which has none.</param>
    public static async Task<Ledger> OfAsync(Channel channel, IReadOnlyList<Writer> writers, EvolutionChannel? shop)
    {
        await channel.IdleAsync(webhooksFinished: 0, Patience);
        var wrong = new List<string>();
        var (lost, doubled, unmarked, marked, acknowledged) = (new List<string>(), new List<string>(), new List<string>(), 0, 0);
        var conversations = await channel.ConversationsAsync();
        foreach (var writer in writers)
        {
            var texts = writer.Acknowledged.ToList();
            acknowledged += texts.Count;
            var chat = shop is null ? writer.Name : EvolutionBodies.Person(writer.Name);
            var messages = conversations.FirstOrDefault(one => one.Contact.Id == chat) is { } conversation ? await channel.MessagesAsync(conversation.Id) : [];
            var ins = messages.Where(message => message.IsIn).Select(message => message.Text!).ToList();
            if (!ins.SequenceEqual(texts))
            {
                wrong.Add($"{writer.Name}: {texts.Count} acknowledged, {ins.Count} recorded ({ins.Distinct().Count()} distinct), in order: {ins.Order(StringComparer.Ordinal).SequenceEqual(ins)}");
            }

            var replies = messages.Where(message => message is { IsOut: true, Author: "agent" }).ToLookup(message => message.Text!);
            var sends = shop?.Sends.Where(send => send.To == writer.Name).ToLookup(send => send.Text);
            foreach (var text in texts)
            {
                var told = replies[text].ToList();
                if (told.Count != 1 || told[0].Status is not ("sent" or "delivered" or "read"))
                {
                    wrong.Add($"{text}: {told.Count} replies in the transcript: {string.Join(',', told.Select(one => $"{one.Status} {one.Reason}"))}");
                }

                var times = sends?[text].Count() ?? told.Count;
                marked += told.Count(one => one.PossiblyDuplicate);
                if (times == 0)
                {
                    lost.Add(text);
                }
                else if (times > 1)
                {
                    doubled.Add(text);
                    if (!told.Any(one => one.PossiblyDuplicate))
                    {
                        unmarked.Add(text);
                    }
                }
            }

            var order = sends is null ? [.. messages.Where(message => message is { IsOut: true, Author: "agent" }).Select(message => message.Text!)]
                : shop!.Sends.Where(send => send.To == writer.Name).Select(send => send.Text).Distinct().ToList();
            if (!order.Distinct().SequenceEqual(texts))
            {
                wrong.Add($"{writer.Name}: replies are not in the order of the messages, or not the same");
            }

            // A send of ours must never come back as somebody else's.
            wrong.AddRange(messages.Where(message => message is { IsOut: true, Author: not "agent" }).Select(message => $"{message.Text}: taken for {message.Author}'s"));
        }

        return new Ledger(acknowledged, lost, doubled, unmarked, marked, wrong);
    }

    public override string ToString() =>
        $"{Acknowledged} acknowledged, {Lost.Count} lost, {Doubled.Count} doubled ({DoubledUnmarked.Count} of them unmarked), {Marked} marked, {Wrong.Count} otherwise wrong";

    /// <summary>The promise over crashes.</summary>
    public void AssertNothingLostAndDoublesMarked(string what)
    {
        Assert.True(Lost.Count == 0, $"{what}: lost: {string.Join(" | ", Lost.Take(5))} ({this})");
        Assert.True(DoubledUnmarked.Count == 0, $"{what}: doubled without a mark: {string.Join(" | ", DoubledUnmarked.Take(5))} ({this})");
        Assert.True(Wrong.Count == 0, $"{what}: {string.Join(" | ", Wrong.Take(5))} ({this})");
    }
}
