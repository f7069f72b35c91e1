using System.Net;
using System.Text.Json;
using Channels.FakeProviders.Evolution;
using Channels.Testing;

namespace Channels.Spine.Tests.Running;

/// <summary>A channel that is to be paired: what its owner sees, and the phone and gateway at the other end.</summary>
internal sealed class PairedChannel(EvolutionChannel shop, string number)
{
    public string Number => number;

    public EvolutionChannel Shop => shop;

    public Channel Channel => shop.Channel;

    public FakePairing Gateway => shop.Gateway.Pairing;

    /// <summary>The instance at the gateway, once there is one.</summary>
    public FakeInstance Instance => shop.Gateway.Instances[shop.Name];

    private string Path => $"/api/v1/channels/{Channel.Id}/pairing";

    /// <summary>A channel whose instance is not at the gateway yet.</summary>
    public static async Task<PairedChannel> CreateAsync(Spine spine, FakeEvolution? gateway = null, ChannelsClient? tenant = null)
    {
        var number = $"5491150{spine.Next():000000}";
        var shop = await EvolutionChannel.CreateAsync(tenant ?? spine.Tenant, gateway ?? spine.Gateway, $"pair{spine.Next()}", number, instanceExists: false);
        spine.KeepSecret(shop.Channel.Secret);
        return new PairedChannel(shop, number);
    }

    public async Task<PairingSeen> ConnectAsync(object? body = null) => Read(await Channel.Api.PostAsync(Path, body));

    public async Task<PairingSeen> WatchAsync() => Read(await Channel.Api.GetAsync(Path));

    public async Task<PairingSeen> LogOutAsync(bool remove = false) => Read(await Channel.Api.DeleteAsync(remove ? $"{Path}?remove=true" : Path));

    public Task<Answer> AskAsync(HttpMethod method) => Channel.Api.AskAsync(method, Path, method == HttpMethod.Post ? new StringContent("{}") : null);

    public async Task<PairingSeen> RefreshAsync() => Read(await Channel.Api.PostAsync($"/api/v1/channels/{Channel.Id}/refresh-session"));

    /// <summary>Returns when the pairing, watched, is as wanted.</summary>
    public Task<PairingSeen> SeenAsync(string awaited, Func<PairingSeen, bool> wanted) => Until.SeenAsync(awaited, WatchAsync, wanted, seen => seen.ToString());

    /// <summary>Returns when it works, and the channel's record says so.</summary>
    public async Task<PairingSeen> WorkingAsync()
    {
        var working = await SeenAsync("the session to work", seen => seen is { SessionStatus: "WORKING", Status: "active" });
        await RecordedAsync("active");
        return working;
    }

    /// <summary>Returns when the channel's record, and with it the history, has this status: what the pairing shows is known before it is written.</summary>
    public Task<string> RecordedAsync(string wanted) => Until.SeenAsync($"the channel to be {wanted}", Channel.StatusAsync, status => status == wanted);

    /// <summary>Connected and scanned: a working channel.</summary>
    public async Task<PairedChannel> PairedAsync()
    {
        await ConnectAsync();
        await Gateway.ScanAsync(Instance, number);
        await WorkingAsync();
        return this;
    }

    /// <summary>The channel's statuses, oldest first.</summary>
    public async Task<IReadOnlyList<string>> HistoryAsync() =>
        [.. (await Channel.Api.GetAsync($"/api/v1/channels/{Channel.Id}/status-history")).GetProperty("changes").EnumerateArray().Select(change => change.GetProperty("status").GetString()!).Reverse()];

    private static PairingSeen Read(JsonElement answer) => answer.Deserialize<PairingSeen>(ChannelsClient.Json)!;
}

internal sealed record PairingSeen(
    string Status, string? QrCode, string? QrCodeRaw, DateTimeOffset? QrCodeExpiresAt, string? PairingCode, string SessionStatus, DateTimeOffset Since,
    string? ReasonCode, string? Reason, string? NextStep, string? ConnectedAs);
