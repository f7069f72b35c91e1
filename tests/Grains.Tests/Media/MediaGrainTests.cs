using System.Collections.Concurrent;
using System.Collections.Immutable;
using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Media;
using Channels.GrainHosting;
using Channels.Grains.Abstractions;
using Channels.Grains.Media;
using Channels.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Grains.Tests.Media;

/// <summary>A file to be fetched while the directory for files takes none.</summary>
public sealed class MediaGrainTests : IChannelDirectory, IConnectorCatalog, IMediaFetches, IMediaStore, IMediaFetch
{
    private static readonly TenantId Tenant = new(new Guid(1, 0, 0, new byte[8]));
    private readonly ManualClock _clock = new();
    private readonly ConcurrentQueue<MediaFetch> _due = new();
    private readonly TaskCompletionSource<(TimeSpan Wait, string Reason, bool Attempted)> _postponed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private MediaTrouble? _trouble;
    private int _downloads;

    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    public async Task It_is_put_off_with_the_reason_and_not_downloaded_for_nothing(int attempts)
    {
        _trouble = new MediaTrouble("Files cannot be kept: full.", _clock.GetUtcNow(), "Make room.");

        var (wait, reason, attempted) = await PostponedAsync(attempts);

        Assert.Equal((MediaPatience.OfOurs, _trouble.What, false, 0), (wait, reason, attempted, _downloads));
    }

    [Fact]
    public async Task Where_that_shows_only_once_the_file_is_here_it_is_put_off_as_well()
    {
        var (wait, reason, attempted) = await PostponedAsync(attempts: 1);

        Assert.Equal((MediaPatience.OfOurs, "Files cannot be kept: full.", false, 1), (wait, reason, attempted, _downloads));
    }

    private async Task<(TimeSpan Wait, string Reason, bool Attempted)> PostponedAsync(int attempts)
    {
        // Older than any provider is asked for: what is our own fault is not given up.
        var message = new MessageId(new IdSource(new ManualClock(_clock.GetUtcNow() - TimeSpan.FromDays(2))).Next());
        _due.Enqueue(new MediaFetch(message, new MediaReference(), attempts));
        await using var host = await GrainHost.StartAsync(options =>
        {
            options.Assemblies.Add(typeof(MediaGrain).Assembly);
            options.Services = services => services
                .AddSingleton<TimeProvider>(_clock)
                .AddSingleton<IChannelDirectory>(this)
                .AddSingleton<IConnectorCatalog>(this)
                .AddSingleton<IMediaFetches>(this)
                .AddSingleton<IMediaStore>(this)
                .AddSingleton<MediaGate>();
        });
        await host.Grains.GetGrain<IMediaGrain>(Tenant.Value).WakeAsync();
        return await _postponed.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    ValueTask<ChannelEntry?> IChannelDirectory.FindAsync(AccountId account, CancellationToken cancellationToken) => new(
        new ChannelEntry(Tenant, new ConnectorId(Tenant.Value), account, "fake", ConnectorStatus.Active, AccountStatus.Active, null, null!, AgentSettings.None, ChannelPolicy.Default, false));

    void IChannelDirectory.Forget(AccountId account)
    {
    }

    IReadOnlyCollection<IConnector> IConnectorCatalog.All => [this];

    IConnector? IConnectorCatalog.Find(string kind) => this;

    Task<(ImmutableArray<MediaFetch> Due, DateTimeOffset? Next)> IMediaFetches.LoadAsync(
        TenantId tenant, AccountId account, DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<(ImmutableArray<MediaFetch>, DateTimeOffset?)>((_due.TryDequeue(out var due) ? [due] : [], null));

    Task IMediaFetches.PostponeAsync(TenantId tenant, AccountId account, MessageId message, DateTimeOffset until, string reason, bool attempted, CancellationToken cancellationToken)
    {
        _postponed.TrySetResult((until - _clock.GetUtcNow(), reason, attempted));
        return Task.CompletedTask;
    }

    Task<ConversationId?> IMediaFetches.SettleAsync(TenantId tenant, AccountId account, MessageId message, MediaSettlement settlement, CancellationToken cancellationToken)
    {
        _postponed.TrySetException(new InvalidOperationException("It was settled."));
        return Task.FromResult<ConversationId?>(null);
    }

    Task<string> IMediaStore.SaveAsync(TenantId tenant, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        Task.FromException<string>(new MediaUnavailableException("Files cannot be kept: full."));

    Task<Stream?> IMediaStore.OpenAsync(TenantId tenant, string reference, CancellationToken cancellationToken) => throw new NotSupportedException();

    MediaTrouble? IMediaStore.FindTrouble() => _trouble;

    ChannelManifest IConnector.Manifest => throw new NotSupportedException();

    bool IConnector.IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) => throw new NotSupportedException();

    Normalised IConnector.Normalise(WebhookBody webhook) => throw new NotSupportedException();

    Task<SendOutcome> IConnector.SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();

    bool IMediaFetch.MustFetch(MediaReference media) => true;

    async Task<MediaFetchOutcome> IMediaFetch.FetchAsync(Connection connection, MediaReference media, Stream destination, CancellationToken cancellationToken)
    {
        _downloads++;
        await destination.WriteAsync(new byte[3], cancellationToken);
        return new MediaFetchOutcome.Fetched();
    }
}
