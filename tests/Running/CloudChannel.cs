using Channels.FakeProviders.WhatsAppCloud;

namespace Channels.Running;

/// <summary>A WhatsApp Cloud channel with a number of its own at a Meta of ours.</summary>
internal sealed class CloudChannel(Channel channel, FakeMeta meta, FakeNumber number)
{
    public Channel Channel { get; } = channel;

    public FakeMeta Meta { get; } = meta;

    public FakeNumber Number { get; } = number;

    /// <summary>Everything Meta took from this number, in order.</summary>
    public IReadOnlyList<FakeMetaSend> Sends => [.. Meta.Ledger.All.Where(send => send.From == Number.Id)];

    public static async Task<CloudChannel> CreateAsync(
        ChannelsClient tenant, FakeMeta meta, string number, string businessAccount, string displayNumber, int sendTimeout = 20, bool setWebhook = true, object? agent = null)
    {
        var hosted = meta.AddNumber(number, businessAccount, displayNumber);
        var channel = await tenant.CreateChannelAsync(new
        {
            name = "Cloud", channel_type = "whatsapp_cloud", identity = displayNumber, agent = agent ?? new { kind = "echo" },
            config = new
            {
                phone_number_id = number, business_account_id = businessAccount, access_token = meta.Options.AccessToken, app_secret = meta.Options.AppSecret,
                base_url = meta.Address.ToString(), send_timeout_seconds = sendTimeout, set_webhook = setWebhook,
            },
        });
        return new(channel, meta, hosted);
    }

    /// <summary>Returns when Meta has taken so many.</summary>
    public Task<IReadOnlyList<FakeMetaSend>> SentAsync(int count) => Until.SeenAsync(
        $"{count} sends of number {Number.Id}", () => Task.FromResult(Sends), sends => sends.Count >= count, sends => $"{sends.Count} sends");
}
