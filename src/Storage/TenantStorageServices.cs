using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Core.Knowledge;
using Channels.Core.Media;
using Channels.Storage.Channels;
using Channels.Storage.Database;
using Channels.Storage.Idempotency;
using Channels.Storage.Inbox;
using Channels.Storage.Knowledge;
using Channels.Storage.Media;
using Channels.Storage.Outbox;
using Channels.Storage.Parked;
using Channels.Storage.Queries;
using Channels.Storage.Secrets;
using Channels.Storage.Tenancy;
using Channels.Storage.Tenants;
using Channels.Storage.Unrouted;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Channels.Storage;

/// <summary>Registers what tenants and the operator read and write: everything but the message path.</summary>
public static class TenantStorageServices
{
    /// <summary>Needs <see cref="NpgsqlDataSource"/>, <see cref="TimeProvider"/>, <see cref="IdSource"/>, <see cref="PublicAddress"/> and <c>IInboxHint</c>.</summary>
    public static IServiceCollection AddTenantStorage(this IServiceCollection services)
    {
        services.AddOptions<KeyOptions>().BindConfiguration(KeyOptions.Section);
        services.AddSingleton<ConnectionShares>();
        services.AddSingleton<TenantScope>();
        services.AddSingleton(provider => MasterKey.Load(provider.GetRequiredService<IOptions<KeyOptions>>().Value));
        services.AddSingleton(provider => OperatorKey.Load(provider.GetRequiredService<IOptions<KeyOptions>>().Value));
        services.AddSingleton<KeysAtStart>();
        // Of no tenant's share: webhooks wait for keys too, and so does whoever holds a channel for change.
        services.AddSingleton(provider => new DataKeys(
            new TenantScope(provider.GetRequiredService<NpgsqlDataSource>()), provider.GetRequiredService<MasterKey>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new SecretVault(provider.GetRequiredService<DataKeys>()));
        services.AddSingleton<ApiKeys>();
        services.AddSingleton(provider => new TenantStore(
            provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<DataKeys>(), provider.GetRequiredService<IdSource>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ChannelStore>();
        services.AddSingleton<KindSwitches>();
        services.AddSingleton<HistoryImportQueries>();
        services.AddSingleton<ChannelMetricsReader>();
        services.AddSingleton<ChannelDirectory>();
        services.AddSingleton<IChannelDirectory>(provider => provider.GetRequiredService<ChannelDirectory>());
        services.AddSingleton<ChannelNames>();
        services.AddHostedService<ChannelChanges>();
        services.AddSingleton<ConversationQueries>();
        services.AddSingleton<LateTurnQueries>();
        services.AddSingleton<MessageQueries>();
        services.AddSingleton<EventQueries>();
        services.AddSingleton<StatusHistoryQueries>();
        services.AddSingleton<ParkedWebhooks>();
        services.AddSingleton<UnroutedWebhooks>();
        services.AddSingleton<IUnroutedWebhooks>(provider => provider.GetRequiredService<UnroutedWebhooks>());
        services.AddSingleton<ParkedGroups>();
        services.AddSingleton<ReplaySignal>();
        services.AddSingleton<Replays>();
        services.AddHostedService<ReplayRunner>();
        services.AddSingleton<TimelineQueries>();
        services.AddSingleton<UnknownReplies>();
        services.AddSingleton<DiscardedWebhooks>();
        services.AddSingleton<LedgerQueries>();
        services.AddSingleton<IdempotencyStore>();
        services.AddSingleton<KnowledgeStore>();
        services.AddSingleton<IKnowledge, PostgresKnowledge>();
        services.TryAddSingleton<CommitCondition>();
        services.AddSingleton(provider => new Readiness(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<CommitCondition>()));
        services.AddSingleton<IMediaStore>(provider => new FileMediaStore(
            FileMediaStore.DirectoryOf(provider.GetRequiredService<IOptions<KeyOptions>>().Value), provider.GetRequiredService<IdSource>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<FileMediaStore>>()));
        return services;
    }
}
