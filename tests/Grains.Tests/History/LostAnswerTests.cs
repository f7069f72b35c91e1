using System.Collections.Immutable;
using Channels.Core;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.History;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.GrainHosting;
using Channels.Grains.Abstractions;
using Channels.Grains.History;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Grains.Tests.History;

/// <summary>The store keeps what it is told, and its answer gets lost.</summary>
public sealed class LostAnswerTests : IHistoryImports, IChannelDirectory, IConnectorCatalog, IInbox, IAccountInbox, IInboxPressure
{
    private static readonly TenantId Tenant = new(new Guid("0197f000-0000-7000-8000-000000000001"));
    private static readonly AccountId Account = new(new Guid("0197f000-0000-7000-8000-000000000002"));
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private HistoryImport _kept = new(Guid.Empty, HistoryStrategy.All, null, HistoryImportState.Done, 7, null, null, null, 0, Noon, Noon, Noon);
    private bool _losesAnswer;

    [Fact]
    public async Task An_import_whose_beginning_was_kept_though_nobody_heard_of_it_runs()
    {
        await using var host = await GrainHost.StartAsync(options =>
        {
            options.Assemblies.Add(typeof(HistoryImportGrain).Assembly);
            options.Services = services => services
                .AddSingleton(TimeProvider.System)
                .AddSingleton<IHistoryImports>(this)
                .AddSingleton<IChannelDirectory>(this)
                .AddSingleton<IConnectorCatalog>(this)
                .AddSingleton<IInbox>(this)
                .AddSingleton<IAccountInbox>(this)
                .AddSingleton<IInboxPressure>(this)
                .AddSingleton(new IdSource(TimeProvider.System));
        });
        var imports = host.Grains.GetGrain<IHistoryImportGrain>(Account.Value);
        Assert.Equal(HistoryImportState.Done, (await imports.CancelAsync(Tenant, default))?.State);

        _losesAnswer = true;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => imports.StartAsync(Tenant, HistoryStrategy.All, null, default));
        _losesAnswer = false;
        var begun = _kept;

        // Asked for once more, it is the same one that goes on, and not another that begins at the beginning.
        Assert.Equal((begun.Id, HistoryImportState.Running), await imports.StartAsync(Tenant, HistoryStrategy.All, null, default) is var import ? (import.Id, import.State) : default);
    }

    Task<HistoryImport?> IHistoryImports.FindAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => Task.FromResult<HistoryImport?>(_kept);

    Task IHistoryImports.SaveAsync(TenantId tenant, AccountId account, HistoryImport import, CancellationToken cancellationToken)
    {
        _kept = import;
        return _losesAnswer ? Task.FromException(new StoreUnavailableException()) : Task.CompletedTask;
    }

    ValueTask<ChannelEntry?> IChannelDirectory.FindAsync(AccountId account, CancellationToken cancellationToken) => new((ChannelEntry?)null);

    void IChannelDirectory.Forget(AccountId account)
    {
    }

    IReadOnlyCollection<IConnector> IConnectorCatalog.All => [];

    IConnector? IConnectorCatalog.Find(string kind) => null;

    Task IInbox.AppendAsync(InboundWebhook webhook, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<ImmutableArray<InboundWebhook>> IAccountInbox.ReadAsync(TenantId tenant, AccountId account, int limit, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task IAccountInbox.ParkRestAsync(AccountId account, string reason, CancellationToken cancellationToken) => throw new NotSupportedException();

    bool IInboxPressure.IsMadeBy(TenantId tenant) => false;

    bool IInboxPressure.OthersAreAbout => false;

    bool IInboxPressure.IsRationed(TenantId tenant) => false;

    int IInboxPressure.Room => 100;

    bool IInboxPressure.MustRest => false;
}
