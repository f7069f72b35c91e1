using System.Globalization;
using System.Net;
using Channels.Bench.Load;
using Channels.Proof.Ledgers;

namespace Channels.Proof.Pouring;

/// <summary>A tenant that posts a few messages a second on schedule, and how long each waited: for its 200, and for its reply to be at the gateway.</summary>
internal sealed class Trickle(Product product, IReadOnlyList<EvolutionChannel> shops, int rate)
{
    private const int Connections = 8;
    private const int Contacts = 16;

    private readonly Dictionary<int, Writer> _writers = [];
    private long _next;

    public int Acknowledged => _writers.Values.Sum(writer => writer.Acknowledged.Count);

    public IReadOnlyList<Writer> Writers => [.. _writers.Values];

    /// <summary>One more message, by itself; the next begins once it got its 200.</summary>
    public async Task<Answer> FirstAsync()
    {
        var contact = Contacts;
        var text = WebhookTemplate.TextOf(_next);
        var writer = WriterOf(contact);
        var answer = await writer.AttemptAsync(writer.IdOf(0), text);
        if (answer.Status == HttpStatusCode.OK)
        {
            writer.Acknowledged.Enqueue(text);
            _next++;
        }

        return answer;
    }

    /// <summary>Posts for so long, or until told to end, and waits for the replies.</summary>
    public async Task<Waits> PostAsync(TimeSpan length, CancellationToken ending = default)
    {
        var first = _next;
        var plan = new LoadPlan(
            [.. shops.Select(shop => new WebhookTemplate(product.Address, shop.Channel.WebhookUrl.AbsolutePath, shop.Channel.Secret))], Connections, Contacts, first)
        {
            Duration = length, Rate = rate, KeepsTaken = true, Ending = ending,
        };
        var load = await LoadGenerator.RunAsync(plan, product.Address, CancellationToken.None);
        _next += load.Sent;
        foreach (var (contact, number) in load.Taken)
        {
            WriterOf(contact).Acknowledged.Enqueue(WebhookTemplate.TextOf(number));
        }

        var asked = new Dictionary<long, DateTimeOffset>();
        await Until.TrueAsync("the replies to all that was acknowledged", () => (asked = Asked(first)).Count >= load.Acknowledged, () => $"{asked.Count} of {load.Acknowledged}", TimeSpan.FromMinutes(2));
        return new Waits(
            load.Sent, load.Sent - load.Acknowledged, [.. load.Latencies.Select(wait => wait / 1000.0)],
            [.. asked.Select(one => (one.Value - load.DueAt[(int)(one.Key - first)]).TotalMilliseconds).Order()]);
    }

    /// <summary>How long each account said nothing, from one reply to the next, at the longest since then; ascending.</summary>
    public IReadOnlyList<TimeSpan> Silences(DateTimeOffset since) => [.. shops.Select(shop => Silence(since, shop.Sends.Select(send => send.Asked))).Order()];

    private static TimeSpan Silence(DateTimeOffset since, IEnumerable<DateTimeOffset> replies)
    {
        var longest = TimeSpan.Zero;
        foreach (var reply in replies.Where(reply => reply > since).Order())
        {
            longest = reply - since > longest ? reply - since : longest;
            since = reply;
        }

        return longest;
    }

    private Dictionary<long, DateTimeOffset> Asked(long first) =>
        shops.SelectMany(shop => shop.Sends).Select(send => (Number: long.Parse(send.Text.AsSpan(5), CultureInfo.InvariantCulture), send.Asked))
            .Where(one => one.Number >= first).GroupBy(one => one.Number).ToDictionary(one => one.Key, one => one.Min(send => send.Asked));

    private Writer WriterOf(int contact) =>
        _writers.TryGetValue(contact, out var known) ? known : _writers[contact] = Writer.Customer(shops[contact % shops.Count], WebhookTemplate.PhoneOf(contact));
}

/// <summary>Milliseconds, ascending.</summary>
internal sealed record Waits(long Sent, long Refused, IReadOnlyList<double> Acknowledged, IReadOnlyList<double> Answered)
{
    public double AcknowledgedAt(double share) => At(Acknowledged, share);

    public double AnsweredAt(double share) => At(Answered, share);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Sent} messages, acknowledged p50 {AcknowledgedAt(0.5):0.0} p99 {AcknowledgedAt(0.99):0.0} ms, answered p50 {AnsweredAt(0.5):0.0} p99 {AnsweredAt(0.99):0.0} ms");

    private static double At(IReadOnlyList<double> values, double share) => values.Count == 0 ? double.NaN : values[Math.Min(values.Count - 1, (int)(share * values.Count))];
}
