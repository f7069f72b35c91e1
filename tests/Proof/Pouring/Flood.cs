using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Channels.Bench.Load;
using Channels.FakeProviders.Evolution;
using Channels.Proof.Ledgers;
using Channels.Testing;

namespace Channels.Proof.Pouring;

/// <summary>A tenant that posts more than the product can work off, from a process of its own, which holds this tenant's gateway as well.</summary>
/// <remarks>
/// Of its own, so that the process that measures only measures; and at a lower priority (nice 10), because on a machine as small as this one the generator
/// would otherwise take from the product what a real flood, coming over the network, does not take.
/// </remarks>
internal sealed class Flood : IAsyncDisposable
{
    private static readonly TimeSpan LongestDrain = TimeSpan.FromMinutes(10);

    private readonly Process _process;
    private readonly TemporaryDirectory _files = TemporaryDirectory.Create();
    private readonly List<EvolutionChannel> _shops = [];
    private readonly Dictionary<int, Writer> _writers = [];
    private readonly int _connections;
    private readonly int _contacts;
    private Uri _gateway = new("http://127.0.0.1");
    private long _next;

    private Flood(Process process, int connections, int contacts) => (_process, _connections, _contacts) = (process, connections, contacts);

    public IReadOnlyList<EvolutionChannel> Shops => _shops;

    public int ProcessId => _process.Id;

    public int Acknowledged => _writers.Values.Sum(writer => writer.Acknowledged.Count);

    /// <summary>Starts the process, and makes the tenant's channels.</summary>
    public static async Task<Flood> StartAsync(Stage stage, ChannelsClient tenant, int channels, int connections, int contacts)
    {
        var start = new ProcessStartInfo("nice")
        {
            ArgumentList = { "-n", "10", Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet", "exec", typeof(Flood).Assembly.Location, FloodCommand.Name },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var flood = new Flood(Process.Start(start)!, connections, contacts);
        try
        {
            flood._gateway = new Uri((await flood.HearAsync()));
            for (var n = 0; n < channels; n++)
            {
                flood._shops.Add(await flood.ShopAsync(stage, tenant, $"flood-{n}", $"44780{n:0000000}"));
            }

            return flood;
        }
        catch
        {
            await flood.DisposeAsync();
            throw;
        }
    }

    /// <summary>Posts without pause, or at a rate whatever the answers do.</summary>
    public async Task<FloodResult> PourAsync(Uri target, TimeSpan length, long messages = long.MaxValue, double? rate = null)
    {
        var taken = _files.Combine($"taken-{_next}");
        var channels = _shops.ConvertAll(shop => new FloodChannel(shop.Channel.WebhookUrl.AbsolutePath, shop.Channel.Secret));
        var result = await OrderAsync(new FloodOrder(target.ToString(), channels, _connections, _contacts, length.TotalSeconds, messages, rate, _next, taken));
        _next += result.Sent;
        await foreach (var line in File.ReadLinesAsync(taken))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            var contact = int.Parse(line.AsSpan(0, space), CultureInfo.InvariantCulture);
            WriterOf(contact).Acknowledged.Enqueue(WebhookTemplate.TextOf(long.Parse(line.AsSpan(space + 1), CultureInfo.InvariantCulture)));
        }

        return result;
    }

    /// <summary>What of the tenant's waits: webhooks, turns and replies.</summary>
    public async Task<long> WaitingAsync()
    {
        var metrics = await Task.WhenAll(_shops.Select(shop => shop.Channel.MetricsAsync()));
        return metrics.Sum(one => one.WebhooksWaiting + one.TurnsWaiting + one.RepliesWaiting);
    }

    /// <summary>Returns when nothing waits any more.</summary>
    public async Task EmptyAsync()
    {
        // Once a second: counting a backlog is work for the product as well.
        var started = Stopwatch.GetTimestamp();
        while (await WaitingAsync() is > 0 and var waiting)
        {
            if (Stopwatch.GetElapsedTime(started) > LongestDrain)
            {
                throw new TimeoutException($"Waited {LongestDrain.TotalSeconds:0} s for the flood to be worked off; {waiting} still wait.");
            }

            await Task.Delay(TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>Waits until all is worked off, and compares.</summary>
    public async Task<Tally> CompareAsync(TimeSpan within)
    {
        var file = _files.Combine("ledger");
        foreach (var shop in _shops)
        {
            await shop.Channel.IdleAsync(0, within);
        }

        await OrderAsync(new FloodOrder("", [], 0, 0, 0, 0, null, 0, "", file));
        var sends = JsonSerializer.Deserialize<List<FakeSend>>(await File.ReadAllTextAsync(file))!.ToLookup(send => send.Instance);
        var tallies = new List<Tally>();
        foreach (var writers in _writers.Values.GroupBy(writer => writer.Shop))
        {
            tallies.Add(await Comparison.OfAsync(writers.Key!.Name, [.. writers], sent: [.. sends[writers.Key.Name]]));
        }

        return Tally.Sum("the tenant that floods", tallies);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }

        _process.Dispose();
        _files.Dispose();
    }

    private Writer WriterOf(int contact) =>
        _writers.TryGetValue(contact, out var known) ? known : _writers[contact] = Writer.Customer(_shops[contact % _shops.Count], WebhookTemplate.PhoneOf(contact));

    private async Task<EvolutionChannel> ShopAsync(Stage stage, ChannelsClient tenant, string name, string identity)
    {
        var secret = $"webhook-secret-of-{name}";
        var channel = await tenant.CreateChannelAsync(new
        {
            name,
            channel_type = "evolution",
            identity,
            webhook_secret = secret,
            config = new { base_url = _gateway.ToString(), api_key = new FakeEvolutionOptions().ApiKey, instance_name = name },
            agent = new { kind = "echo" },
        });
        stage.KeepSecret(secret);
        await channel.ActivateAsync();
        return new EvolutionChannel(channel, stage.Gateway, new FakeInstance(name, "of another process"));
    }

    private async Task<FloodResult> OrderAsync(FloodOrder order)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(order));
        await _process.StandardInput.FlushAsync();
        return JsonSerializer.Deserialize<FloodResult>(await HearAsync())!;
    }

    private async Task<string> HearAsync() =>
        await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The flooding process ended.");
}
