using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.FakeProviders.Evolution;

namespace Channels.Running;

/// <summary>A channel and its instance at the fake gateway: both ends of the line.</summary>
internal sealed class EvolutionChannel(Channel channel, FakeEvolution gateway, FakeInstance instance)
{
    private static int _ids;

    public Channel Channel { get; } = channel;

    public FakeEvolution Gateway { get; } = gateway;

    public FakeInstance Instance { get; } = instance;

    public string Name => Instance.Name;

    /// <summary>What this instance has sent.</summary>
    public IReadOnlyList<FakeSend> Sends => [.. Gateway.Ledger.After(0).Where(send => send.Instance == Name)];

    public static async Task<EvolutionChannel> CreateAsync(
        ChannelsClient tenant, FakeEvolution gateway, string name, string identity, object? agent = null, object? policy = null, int sendTimeout = 20, bool instanceExists = true)
    {
        var request = JsonSerializer.SerializeToNode(policy ?? new { }, ChannelsClient.Json)!.AsObject();
        request["name"] = name;
        request["channel_type"] = "evolution";
        request["identity"] = identity;
        request["webhook_secret"] = $"webhook-secret-of-{name}-{Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(8))}";
        request["config"] = new JsonObject
        {
            ["base_url"] = gateway.Address.ToString(), ["api_key"] = gateway.Options.ApiKey, ["instance_name"] = name, ["send_timeout_seconds"] = sendTimeout,
        };
        request["agent"] = JsonSerializer.SerializeToNode(agent ?? new { kind = "echo" }, ChannelsClient.Json);
        var channel = await tenant.CreateChannelAsync(request);
        var instance = instanceExists ? gateway.AddInstance(name) : new FakeInstance(name, "none");
        instance.OwnJid = identity.All(char.IsAsciiDigit) ? EvolutionBodies.Person(identity) : null;
        return new EvolutionChannel(channel, gateway, instance);
    }

    public static string NewId() => $"3A{Interlocked.Increment(ref _ids):X18}F0";

    /// <summary>A customer writes; returns once we answered 200.</summary>
    public Task SaysAsync(string number, string text, string? id = null) =>
        Channel.DeliverAsync(EvolutionBodies.Text(Name, number.Contains('@', StringComparison.Ordinal) ? number : EvolutionBodies.Person(number), id ?? NewId(), text));

    /// <summary>Returns when as many sends to a number, or to anybody, are in the gateway's ledger.</summary>
    public async Task<IReadOnlyList<FakeSend>> SentAsync(int count, string? to = null, TimeSpan? within = null)
    {
        IReadOnlyList<FakeSend> Found() => [.. Sends.Where(send => to is null || send.To == to)];
        await Until.TrueAsync(
            $"{count} sends of {Name} to {to ?? "anybody"}", () => Found().Count >= count,
            () => $"{Found().Count}: {string.Join(" | ", Found().TakeLast(5).Select(send => $"{send.To}: {send.Text}"))}", within);
        return Found();
    }

    /// <summary>Returns when the messages with a contact are as wanted.</summary>
    public Task<IReadOnlyList<Message>> MessagesAsync(string number, string awaited, Func<IReadOnlyList<Message>, bool> wanted, TimeSpan? within = null) =>
        Until.SeenAsync(awaited, () => Channel.MessagesWithAsync(EvolutionBodies.Person(number)), wanted, Channel.Shown, within);
}
