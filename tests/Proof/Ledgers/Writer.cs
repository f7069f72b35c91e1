using System.Collections.Concurrent;

namespace Channels.Proof.Ledgers;

/// <summary>One contact who writes to one channel.</summary>
/// <param name="Name">Their number, or their id at the simulator.</param>
/// <param name="Channel">Where they write.</param>
/// <param name="Shop">The channel's end at the gateway; null for a simulator, which has none.</param>
/// <param name="AttemptAsync">Posts one message by its id and text, and tells how it was answered.</param>
internal sealed record Writer(string Name, Channel Channel, EvolutionChannel? Shop, Func<string, string, Task<Answer>> AttemptAsync)
{
    /// <summary>Stands in every text that is sent: the product's log must not know it.</summary>
    public const string Mark = "zqwords";

    /// <summary>The first ledger: the texts that got a 200, in order.</summary>
    public ConcurrentQueue<string> Acknowledged { get; } = new();

    /// <summary>As the product names the contact.</summary>
    public string Contact => Shop is null ? Name : EvolutionBodies.Person(Name);

    /// <summary>A customer whose gateway posts webhooks.</summary>
    public static Writer Customer(EvolutionChannel shop, string number) =>
        new(number, shop.Channel, shop, (id, text) => shop.Channel.PostWebhookAsync(EvolutionBodies.Text(shop.Name, EvolutionBodies.Person(number), id, text)));

    /// <summary>A contact of a simulator's channel.</summary>
    public static Writer Simulated(Channel channel, string name) => new(name, channel, null, (id, text) => channel.AttemptSimulateAsync(name, text, id));

    /// <summary>What the contact writes as their n-th message: unique in the whole proof, and in order as text.</summary>
    public string TextOf(int n) => $"{Mark} {Name} {n:000000}";

    /// <summary>The provider's id of that message.</summary>
    public string IdOf(int n) => $"{Name}-{n:000000}";
}
