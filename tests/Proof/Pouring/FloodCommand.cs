using System.Text.Json;
using System.Text.Json.Serialization;
using Channels.Bench.Load;
using Channels.FakeProviders.Evolution;

namespace Channels.Proof.Pouring;

/// <summary>The other side of <see cref="Flood"/>: a gateway and a load generator in a process of their own, told what to do line by line.</summary>
internal static class FloodCommand
{
    public const string Name = "pour";

    /// <summary>Says where its gateway listens, then carries out an order a line until there are no more.</summary>
    public static async Task<int> RunAsync()
    {
        await using var gateway = await FakeEvolution.StartAsync(new FakeEvolutionOptions { MakesInstances = true });
        gateway.KeepsCalls = false;
        Console.WriteLine(gateway.Address);
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var order = JsonSerializer.Deserialize<FloodOrder>(line)!;
            Console.WriteLine(JsonSerializer.Serialize(order.Ledger is { } file ? Tell(gateway, file) : await PourAsync(order)));
        }

        return 0;
    }

    private static async Task<FloodResult> PourAsync(FloodOrder order)
    {
        var target = new Uri(order.Target);
        var plan = new LoadPlan([.. order.Channels.Select(channel => new WebhookTemplate(target, channel.Path, channel.Secret))], order.Connections, order.Contacts, order.FirstNumber)
        {
            Duration = TimeSpan.FromSeconds(order.Seconds),
            Messages = order.Messages,
            Rate = order.Rate,
            KeepsTaken = true,
        };
        var load = await LoadGenerator.RunAsync(plan, target, CancellationToken.None);
        await File.WriteAllLinesAsync(order.TakenFile, load.Taken.Select(taken => $"{taken.Contact} {taken.Number}"));
        return new FloodResult(load.Sent, load.Acknowledged, load.Errors, load.Elapsed, new(load.Statuses), load.Milliseconds(0.5), load.Milliseconds(0.99), Environment.CpuUsage.TotalTime);
    }

    private static FloodResult Tell(FakeEvolution gateway, string file)
    {
        File.WriteAllText(file, JsonSerializer.Serialize(gateway.Ledger.After(0)));
        return new FloodResult(gateway.Ledger.Count, 0, 0, TimeSpan.Zero, [], 0, 0, Environment.CpuUsage.TotalTime);
    }
}

/// <summary>What to do: pour, or write down what the gateway took.</summary>
internal sealed record FloodOrder(
    string Target, IReadOnlyList<FloodChannel> Channels, int Connections, int Contacts, double Seconds, long Messages, double? Rate, long FirstNumber, string TakenFile, string? Ledger = null);

internal sealed record FloodChannel(string Path, string Secret);

/// <summary>What came of it. Times are those of the flooding process.</summary>
internal sealed record FloodResult(
    long Sent, long Acknowledged, long Errors, TimeSpan Elapsed, SortedDictionary<int, long> Statuses, double Median, double P99, TimeSpan Cpu)
{
    /// <summary>What stands in <see cref="Refused"/> when nothing was.</summary>
    public const string Nothing = "none";

    [JsonIgnore]
    public double Rate => Sent / Elapsed.TotalSeconds;

    [JsonIgnore]
    public string Refused => string.Join(", ", Statuses.Where(one => one.Key != 200).Select(one => $"{one.Value:#,0} × {one.Key}").Append(Errors == 0 ? "" : $"{Errors:#,0} × no answer").Where(text => text.Length > 0)) is { Length: > 0 } text ? text : Nothing;
}
