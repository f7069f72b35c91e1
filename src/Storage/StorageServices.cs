using Channels.Core.Channels;
using Channels.Core.Conversations;
using Channels.Core.History;
using Channels.Core.Inbox;
using Channels.Core.Intake;
using Channels.Core.Media;
using Channels.Core.Outbox;
using Channels.Core.Sessions;
using Channels.Core.Sweep;
using Channels.Core.Transcript;
using Channels.Storage.Batching;
using Channels.Storage.Channels;
using Channels.Storage.Conversations;
using Channels.Storage.Database;
using Channels.Storage.History;
using Channels.Storage.Inbox;
using Channels.Storage.Intake;
using Channels.Storage.Journal;
using Channels.Storage.Maintenance;
using Channels.Storage.Media;
using Channels.Storage.Outbox;
using Channels.Storage.Parked;
using Channels.Storage.Secrets;
using Channels.Storage.Sessions;
using Channels.Storage.Sweep;
using Channels.Storage.Transcript;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Channels.Storage;

/// <summary>Wires the message path's storage. Expects <see cref="Database.ChannelsDatabase"/>, a clock and an <see cref="IInboxHint"/>.</summary>
public static class StorageServices
{
    /// <summary>The front end's part: only what makes webhooks durable.</summary>
    public static IServiceCollection AddInbox(this IServiceCollection services)
    {
        services.TryAddSingleton<InboxTraffic>();
        services.TryAddSingleton<IArrivals, NoArrivals>();
        services.TryAddSingleton<CommitCondition>();
        return services.AddSingleton<IInbox, PostgresInbox>();
    }

    /// <summary>For the process that holds the private server's data directory: what comes faster than the table takes it is made durable beside it.</summary>
    /// <param name="services">Has the inbox and the message path.</param>
    /// <param name="journal">Not owned: it outlives whatever still writes while the host stops.</param>
    public static IServiceCollection AddInboxJournal(this IServiceCollection services, InboxJournal journal) =>
        services.AddSingleton(journal).AddSingleton(journal.Contents).AddHostedService<JournalMover>();

    /// <summary>For the one process through which every webhook comes and in which all grains are: accounts get from memory what was just committed.</summary>
    public static IServiceCollection AddArrivals(this IServiceCollection services) => services.AddSingleton<IArrivals, Arrivals>();

    /// <summary>For each process of a cluster: those that work off give way to those that acknowledge. After <see cref="AddMessagePath"/>, where that is.</summary>
    public static IServiceCollection AddClusterPressure(this IServiceCollection services)
    {
        services.TryAddSingleton<InboxTraffic>();
        services.AddSingleton<ClusterPressure>();
        services.Replace(ServiceDescriptor.Singleton<IInboxPressure>(provider => provider.GetRequiredService<ClusterPressure>()));
        return services.AddHostedService<PressureNews>();
    }

    /// <summary>What the grains read and write.</summary>
    public static IServiceCollection AddMessagePath(this IServiceCollection services)
    {
        // Without a front end in the same process nothing is counted, and pressure is never high.
        services.TryAddSingleton<InboxTraffic>();
        services.TryAddSingleton<IArrivals, NoArrivals>();
        services.AddSingleton<IInboxPressure>(provider => provider.GetRequiredService<InboxTraffic>());
        services.AddSingleton<AccountWriter>();
        services.AddSingleton<ConversationLoader>();
        services.AddSingleton<IAccountInbox, AccountInbox>();
        services.AddSingleton<ITranscript, PostgresTranscript>();
        services.AddSingleton<IConversationStore, PostgresConversations>();
        services.AddSingleton<IHistoryImports, PostgresHistoryImports>();
        services.AddSingleton<IMediaFetches, PostgresMediaFetches>();
        services.AddSingleton<IOutbox, PostgresOutbox>();
        services.AddSingleton<ISessionStore, PostgresSessions>();
        services.AddSingleton<IIntakeStore, PostgresIntakes>();
        services.AddSingleton<ISweep, PostgresSweep>();
        services.AddSingleton<IChannelStatuses, ChannelStatuses>();
        services.AddOptions<RetentionOptions>().BindConfiguration(RetentionOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<MaintenanceInstruments>();
        services.AddSingleton(provider => new MediaTrimming(
            FileMediaStore.DirectoryOf(provider.GetRequiredService<IOptions<KeyOptions>>().Value), provider.GetRequiredService<ChannelsDatabase>().Requests));
        services.AddHostedService<Housekeeping>();
        services.AddHostedService<InboxReclaiming>();
        services.AddHostedService<ParkedCounts>();
        return services;
    }
}
