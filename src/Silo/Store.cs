using System.Net.Sockets;
using Channels.Core;
using Channels.Core.Ids;
using Channels.Storage.Database;
using Channels.Storage;
using Channels.Storage.Embedded;
using Channels.Storage.Journal;
using Channels.Storage.Maintenance;
using Channels.Storage.Migrations;
using Channels.Storage.Tenancy;
using Npgsql;

namespace Channels.Silo;

/// <summary>The database this process works on: the configured one, or a private one that it starts and stops itself.</summary>
internal sealed class Store : IAsyncDisposable
{
    private const string Setting = "ConnectionStrings:Channels";

    // Webhooks, turns and replies are each worked off in the order of their ids.
    private const string NewestWaiting = """
        select id from (
          (select id from inbox order by id desc limit 1) union all
          (select message_id from turn order by message_id desc limit 1) union all
          (select message_id from outbox order by message_id desc limit 1)) as waiting (id)
        order by id desc limit 1
        """;

    private readonly EmbeddedPostgres? _embedded;

    private Store(ChannelsDatabase database, IdSource ids, EmbeddedPostgres? embedded, InboxJournal? journal)
    {
        Database = database;
        Ids = ids;
        _embedded = embedded;
        Journal = journal;
    }

    /// <summary>Its connections.</summary>
    public ChannelsDatabase Database { get; }

    /// <summary>Makes ids behind every id that waits to be worked off, whatever the clock says.</summary>
    public IdSource Ids { get; }

    /// <summary>Beside the private server's tables; null beside any other server.</summary>
    public InboxJournal? Journal { get; }

    /// <summary>Whether it is our own private server.</summary>
    public bool IsEmbedded => _embedded is not null;

    /// <summary>Finds or starts the server and brings the schema to this version.</summary>
    public static async Task<Store> OpenAsync(IConfiguration configuration, TimeProvider clock)
    {
        using var logging = LoggerFactory.Create(builder => builder.AddConfiguration(configuration.GetSection("Logging")).AddSimpleConsole(console => console.SingleLine = true));
        var logger = logging.CreateLogger("Channels.Store");
        EmbeddedPostgres? embedded = null;
        try
        {
            var journalSize = JournalSize.Of(configuration);
            var journalDirectory = Path.Combine(DirectoryOf(configuration), "journal");
            var given = configuration[Setting];
            if (string.IsNullOrWhiteSpace(given))
            {
                var options = new EmbeddedPostgresOptions { DataDirectory = DirectoryOf(configuration) };
                embedded = await EmbeddedPostgres.StartAsync(options, clock, logger, CancellationToken.None);
            }

            var database = new ChannelsDatabase(embedded?.ConnectionString ?? given!);
            await Migrator.MigrateAsync(database.Requests, clock, logger, CancellationToken.None);
            await SecondFence.CheckAsync(database.Requests, CancellationToken.None);
            await TimePartitions.EnsureAsync(database.Requests, clock, CancellationToken.None);
            var journal = embedded is null ? null
                : InboxJournal.Open(
                    journalDirectory, await JournalPosition.ReadAsync(database.Requests, CancellationToken.None), journalSize, clock, logger);
            if (embedded is null && InboxJournal.IsIn(journalDirectory))
            {
                StoreLog.JournalLeft(logger, journalDirectory);
            }

            MakeRoomForWaiting();
            var ids = await IdsAsync(database, clock);
            if (journal?.Newest is { } newest)
            {
                ids.NotBefore(newest);
            }

            return new Store(database, ids, embedded, journal);
        }
        catch (Exception failure) when (failure is EmbeddedPostgresException or MigrationException or FenceException or SettingException || IsDatabases(failure))
        {
            if (embedded is not null)
            {
                await embedded.DisposeAsync();
            }

            var whose = embedded is null && IsDatabases(failure) ? $"the database that {Setting} names: " : "";
            await Console.Error.WriteLineAsync($"Channels cannot start: {whose}{failure.Message}");
            Environment.Exit(1);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Journal is not null)
        {
            await Journal.DisposeAsync();
        }

        await Database.DisposeAsync();
        if (_embedded is not null)
        {
            await _embedded.DisposeAsync();
        }
    }

    // Two of the pool's threads may wait for the journal's disk; each processor is to have another one meanwhile.
    private static void MakeRoomForWaiting()
    {
        ThreadPool.GetMinThreads(out var workers, out var completions);
        ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + InboxJournal.Waiting), completions);
    }

    private static string DirectoryOf(IConfiguration configuration) => configuration["Channels:DataDirectory"] ?? "./data";

    // Who has no such host is a name server's word, and the driver passes it on as it is.
    private static bool IsDatabases(Exception failure) => failure is NpgsqlException or SocketException or TimeoutException;

    private static async Task<IdSource> IdsAsync(ChannelsDatabase database, TimeProvider clock)
    {
        var ids = new IdSource(clock);
        await using var command = database.Requests.CreateCommand(NewestWaiting);
        // Reads all that waits. After a flood that may take long, and no start may fail for it.
        command.CommandTimeout = 0;
        if (await command.ExecuteScalarAsync() is Guid newest)
        {
            ids.NotBefore(newest);
        }

        return ids;
    }
}

/// <summary>Hands the store to the container, which does not own it: it outlives whatever still writes while the host stops.</summary>
internal static class StoreServices
{
    public static void AddStore(this IServiceCollection services, Store store)
    {
        services.AddSingleton(store.Database).AddSingleton(store.Database.Requests).AddSingleton(store.Ids);
        if (store.Journal is { } journal)
        {
            services.AddInboxJournal(journal);
        }
    }
}

internal static partial class StoreLog
{
    [LoggerMessage(5101, LogLevel.Error, "{Directory} has files of a private database's journal, and acknowledged webhooks may be in them: start once without ConnectionStrings:Channels, stop, and bring that database's content over")]
    public static partial void JournalLeft(ILogger logger, string directory);
}
