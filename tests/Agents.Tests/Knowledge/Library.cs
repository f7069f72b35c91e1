using Channels.Core.Agents;
using Channels.Core.Egress;
using Channels.Core.Ids;
using Channels.Storage;
using Channels.Storage.Knowledge;
using Channels.Storage.Migrations;
using Channels.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Agents.Tests.Knowledge;

/// <summary>The documents of the tenant of <see cref="AgentTests.Turn"/>, in a database of their own, and the agents that read them.</summary>
internal sealed class Library(NpgsqlDataSource db, LogCollector logs) : IAsyncDisposable
{
    private readonly IdSource _ids = new(TimeProvider.System);
    private readonly ServiceProvider _services = ServicesOn(db, logs);

    public static async Task<Library> CreateAsync(PostgresFixture postgres, LogCollector logs)
    {
        var db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(db, TimeProvider.System, NullLogger.Instance, default);
        var library = new Library(db, logs);
        await library.AddTenantAsync(AgentTests.Turn(null).Tenant);
        return library;
    }

    public IAgent Agent(string kind) => _services.GetRequiredService<IAgentCatalog>().Find(kind)!;

    public async Task AddTenantAsync(TenantId tenant)
    {
        await using var insert = db.CreateCommand("insert into tenant (id, name, created_at) values ($1, 'acme', now())");
        insert.Parameters.Add(new() { Value = tenant.Value });
        await insert.ExecuteNonQueryAsync();
    }

    public async Task AddAsync(string content, string title = "FAQ", string collection = "faq", string language = "en", TenantId? tenant = null)
    {
        var read = Assert.IsType<DocumentReading.Read>(DocumentReading.Of(DocumentFormat.Markdown, content, default));
        var draft = new KnowledgeDraft(collection, title, language, DocumentFormat.Markdown, content, read.Passages);
        Assert.IsType<KnowledgeWrite.Written>(
            await _services.GetRequiredService<KnowledgeStore>().AddAsync(tenant ?? AgentTests.Turn(null).Tenant, _ids.Next(), draft, default));
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private static ServiceProvider ServicesOn(NpgsqlDataSource db, LogCollector logs)
    {
        var services = new ServiceCollection();
        services.AddSingleton(db);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(new EgressRules(EgressRules.Loopback));
        services.AddLogging(logging => logging.AddProvider(logs).SetMinimumLevel(LogLevel.Trace));
        services.AddTenantStorage();
        services.AddAgents();
        return services.BuildServiceProvider();
    }
}
