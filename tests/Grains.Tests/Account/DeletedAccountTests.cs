using System.Collections.Immutable;
using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Core.Media;
using Channels.Core.Transcript;
using Channels.GrainHosting;
using Channels.Grains.Abstractions;
using Channels.Grains.Account;
using Channels.Grains.Fairness;
using Channels.Grains.Tests.Delivery;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Grains.Tests.Account;

/// <summary>An account's grain is woken once more when its channel is deleted. It must not stay for that.</summary>
public sealed class DeletedAccountTests : IChannelDirectory, IConnectorCatalog, IAgentCatalog, IAccountInbox, IArrivals, ITranscript, IMediaStore, IInboxPressure
{
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isParked;

    [Fact]
    public async Task It_leaves_memory_like_any_that_has_nothing_to_do()
    {
        await using var host = await GrainHost.StartAsync(options =>
        {
            options.Assemblies.Add(typeof(AccountGrain).Assembly);
            options.CollectionAge = TimeSpan.FromSeconds(3);
            options.CollectionQuantum = TimeSpan.FromSeconds(1);
            options.Services = services => services
                .AddSingleton(TimeProvider.System)
                .AddSingleton<IChannelDirectory>(this)
                .AddSingleton<IConnectorCatalog>(this)
                .AddSingleton<IAgentCatalog>(this)
                .AddSingleton<IAccountInbox>(this)
                .AddSingleton<IArrivals>(this)
                .AddSingleton<ITranscript>(this)
                .AddSingleton<IMediaStore>(this)
                .AddSingleton<IInboxPressure>(this)
                .AddSingleton<IChannelStatuses, NoStatuses>()
                .AddSingleton<InlineFiles>()
                .AddSingleton(new IdSource(TimeProvider.System))
                .AddSingleton(new DrainShare(1))
                .AddSingleton<Gates>();
        });

        await host.Grains.GetGrain<IAccountGrain>(new Guid("0197f000-0000-7000-8000-000000000001")).ArrivedAsync();

        await _gone.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    ValueTask<ChannelEntry?> IChannelDirectory.FindAsync(AccountId account, CancellationToken cancellationToken) => new((ChannelEntry?)null);

    void IChannelDirectory.Forget(AccountId account)
    {
    }

    IReadOnlyCollection<IConnector> IConnectorCatalog.All => [];

    IConnector? IConnectorCatalog.Find(string kind) => null;

    IReadOnlyCollection<IAgent> IAgentCatalog.All => [];

    IAgent? IAgentCatalog.Find(string kind) => null;

    Task<ImmutableArray<InboundWebhook>> IAccountInbox.ReadAsync(TenantId tenant, AccountId account, int limit, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task IAccountInbox.ParkRestAsync(AccountId account, string reason, CancellationToken cancellationToken)
    {
        _isParked = true;
        return Task.CompletedTask;
    }

    void IArrivals.Add(IReadOnlyList<InboundWebhook> webhooks)
    {
    }

    void IArrivals.Follow(AccountId account)
    {
    }

    ImmutableArray<InboundWebhook>? IArrivals.Take(AccountId account, int most) => null;

    // Before the rest is parked, and when the grain goes.
    void IArrivals.Leave(AccountId account)
    {
        if (_isParked)
        {
            _gone.TrySetResult();
        }
    }

    Task<RecordResult> ITranscript.RecordAsync(AccountBatch batch, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<ImmutableArray<ResolvedChat>> ITranscript.ResolveAsync(TenantId tenant, AccountId account, ImmutableArray<ChatSighting> chats, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    Task ITranscript.MergeAsync(ConversationRef kept, ConversationId gone, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<bool> ITranscript.MoveAsync(ConversationRef conversation, string from, string to, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<EchoResult> ITranscript.SettleEchoesAsync(TenantId tenant, AccountId account, DateTimeOffset now, TimeSpan takeoverPause, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    Task<string> IMediaStore.SaveAsync(TenantId tenant, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<Stream?> IMediaStore.OpenAsync(TenantId tenant, string reference, CancellationToken cancellationToken) => throw new NotSupportedException();

    MediaTrouble? IMediaStore.FindTrouble() => throw new NotSupportedException();

    bool IInboxPressure.IsMadeBy(TenantId tenant) => false;

    bool IInboxPressure.OthersAreAbout => false;

    bool IInboxPressure.IsRationed(TenantId tenant) => false;

    int IInboxPressure.Room => 100;

    bool IInboxPressure.MustRest => false;
}
