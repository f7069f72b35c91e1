using System.Collections.Immutable;
using System.Threading.Channels;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Core.Media;
using Channels.Core.Transcript;
using Channels.Grains.Abstractions;
using Channels.Grains.Account;
using Channels.Grains.Tests.Conversation;
using Channels.Grains.Tests.Delivery;
using Channels.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Grains.Tests.Account;

/// <summary>A person's message that is told from an echo of ours only when its time is over, on the account's own timer.</summary>
public sealed class EchoTimerTests : IAccountInbox, IArrivals, ITranscript, IMediaStore, IConnector
{
    private static readonly TimeSpan _betweenLooks = TimeSpan.FromSeconds(1);
    private readonly System.Threading.Channels.Channel<InboundWebhook> _webhooks = System.Threading.Channels.Channel.CreateUnbounded<InboundWebhook>();
    private readonly IdSource _ids = new(TimeProvider.System);
    private ConversationStage _stage = null!;
    private int _reads;
    private int _settlings;
    private volatile bool _losesRecord;

    [Fact]
    public async Task When_nobody_knows_whether_a_take_over_was_written_the_conversation_looks_before_it_answers()
    {
        await using var stage = await OpenAsync();
        stage.Read = () =>
        {
            Interlocked.Increment(ref _reads);
            return Task.CompletedTask;
        };
        await ArrivesAsync();
        await Eventually.TrueAsync("the first message to be read from its table", () => _reads > 0);
        await Eventually.TrueAsync("two attempts to settle what is held", () => Volatile.Read(ref _settlings) >= 2);
        var before = Volatile.Read(ref _reads);

        await ArrivesAsync();

        await Eventually.TrueAsync("the next message's conversation to look into its table", () => Volatile.Read(ref _reads) > before);
    }

    [Fact]
    public async Task When_nobody_knows_whether_a_message_was_held_it_is_looked_for()
    {
        await using var stage = await OpenAsync();
        await ArrivesAsync();
        await Eventually.TrueAsync("the looks at the start", () => Volatile.Read(ref _settlings) >= 2);
        await Task.Delay(2 * _betweenLooks);
        var before = Volatile.Read(ref _settlings);
        Assert.Equal(2, before);

        _losesRecord = true;
        await ArrivesAsync();

        await Eventually.TrueAsync("a look for what the failed step may have left", () => Volatile.Read(ref _settlings) > before);
    }

    [Fact]
    public async Task Whoever_finds_echoes_held_has_their_account_look_for_them()
    {
        await using var stage = await OpenAsync();
        await ArrivesAsync();
        await Eventually.TrueAsync("the looks at the start", () => Volatile.Read(ref _settlings) >= 2);
        await Task.Delay(2 * _betweenLooks);
        Assert.Equal(2, Volatile.Read(ref _settlings));

        await stage.Account.WatchEchoesAsync();

        await Eventually.TrueAsync("one more look", () => Volatile.Read(ref _settlings) > 2);
    }

    private async Task<ConversationStage> OpenAsync()
    {
        _stage = await ConversationStage.OpenAsync(services => services
            .AddSingleton<IAccountInbox>(this)
            .AddSingleton<IArrivals>(this)
            .AddSingleton<ITranscript>(this)
            .AddSingleton<IMediaStore>(this)
            .AddSingleton<IChannelStatuses, NoStatuses>()
            .AddSingleton<InlineFiles>());
        (_stage.Kind, _stage.IsWaiting) = (this, false);
        return _stage;
    }

    private async Task ArrivesAsync()
    {
        await _webhooks.Writer.WriteAsync(new(_stage.Where.Tenant, _stage.Where.Account, new WebhookId(_ids.Next()), TimeProvider.System.GetUtcNow(), "", new byte[1]));
        await _stage.Account.ArrivedAsync();
    }

    Task<ImmutableArray<InboundWebhook>> IAccountInbox.ReadAsync(TenantId tenant, AccountId account, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<InboundWebhook>>(_webhooks.Reader.TryRead(out var webhook) ? [webhook] : []);

    Task IAccountInbox.ParkRestAsync(AccountId account, string reason, CancellationToken cancellationToken) => throw new NotSupportedException();

    void IArrivals.Add(IReadOnlyList<InboundWebhook> webhooks)
    {
    }

    void IArrivals.Follow(AccountId account)
    {
    }

    ImmutableArray<InboundWebhook>? IArrivals.Take(AccountId account, int most) => null;

    void IArrivals.Leave(AccountId account)
    {
    }

    // The first is followed by a person's, which may be an echo. It looks like one for ever.
    Task<RecordResult> ITranscript.RecordAsync(AccountBatch batch, CancellationToken cancellationToken) =>
        _losesRecord ? Task.FromException<RecordResult>(new TimeoutException()) : Task.FromResult(new RecordResult([.. batch.Messages.Select(message => message.Id)], EchoesHeld: _settlings == 0, [], []));

    Task<ImmutableArray<ResolvedChat>> ITranscript.ResolveAsync(TenantId tenant, AccountId account, ImmutableArray<ChatSighting> chats, CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<ResolvedChat>>([.. chats.SelectMany(chat => chat.Aliases).Select(alias => new ResolvedChat(alias, _stage.Where.Conversation))]);

    Task ITranscript.MergeAsync(ConversationRef kept, ConversationId gone, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<bool> ITranscript.MoveAsync(ConversationRef conversation, string from, string to, CancellationToken cancellationToken) => throw new NotSupportedException();

    // Once: it is committed, and its answer lost. Then there is nothing left to settle.
    Task<EchoResult> ITranscript.SettleEchoesAsync(TenantId tenant, AccountId account, DateTimeOffset now, TimeSpan takeoverPause, CancellationToken cancellationToken) =>
        Interlocked.Increment(ref _settlings) == 1 ? Task.FromException<EchoResult>(new TimeoutException()) : Task.FromResult(new EchoResult(StillHeld: false, [], SettledSends: false));

    Task<string> IMediaStore.SaveAsync(TenantId tenant, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<Stream?> IMediaStore.OpenAsync(TenantId tenant, string reference, CancellationToken cancellationToken) => throw new NotSupportedException();

    MediaTrouble? IMediaStore.FindTrouble() => throw new NotSupportedException();

    ChannelManifest IConnector.Manifest => throw new NotSupportedException();

    bool IConnector.IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) => true;

    Normalised IConnector.Normalise(WebhookBody webhook) => new Normalised.Events(
        [new ChannelEvent { Kind = EventKinds.MessageText, Action = EventAction.Process, ChatId = "549@s.whatsapp.net", ChatType = "direct", MessageId = $"3B{_ids.Next()}", Text = "hello", Timestamp = TimeProvider.System.GetUtcNow() }]);

    Task<SendOutcome> IConnector.SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();
}
