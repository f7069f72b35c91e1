using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Channels.Agents;
using Channels.Connectors;
using Channels.Core.Channels;
using Channels.Core.Egress;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage;
using Channels.Storage.Channels;
using Channels.Storage.Database;
using Channels.Storage.Migrations;
using Channels.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Api.Tests.Host;

/// <summary>The API on a real Kestrel and a real database of its own; only the silo is a stand-in.</summary>
public class ApiHost : IAsyncLifetime
{
    public const string OperatorKey = "operator-key-of-the-tests-0123456789";

    public const string GlobalWebhookSecret = "global-webhook-secret-of-the-tests";

    private readonly PostgresFixture _postgres = new();
    private readonly TemporaryDirectory _data = TemporaryDirectory.Create();
    private WebApplication? _app;

    internal FakeGrains Grains { get; private set; } = null!;

    internal SwitchableInbox Inbox { get; private set; } = null!;

    internal SwitchableDirectory Directory { get; private set; } = null!;

    internal HintCollector Hints { get; } = new();

    public LogCollector Logs { get; } = new();

    /// <summary>As the owner of the tables.</summary>
    public NpgsqlDataSource Db { get; private set; } = null!;

    public Uri Address { get; private set; } = null!;

    /// <summary>Where it keeps files.</summary>
    public string MediaDirectory => System.IO.Path.Combine(_data.Path, "media");

    public IServiceProvider Services => _app!.Services;

    public async Task InitializeAsync()
    {
        Db = await CreateDatabaseAsync();
        await Migrator.MigrateAsync(Db, TimeProvider.System, NullLogger.Instance, default);
        await StartAsync(Db.ConnectionString);
    }

    /// <summary>The database to work on.</summary>
    protected virtual Task<NpgsqlDataSource> CreateDatabaseAsync() => _postgres.CreateDatabaseAsync();

    /// <summary>What is to be otherwise.</summary>
    protected virtual void Change(IServiceCollection services)
    {
    }

    public virtual async Task DisposeAsync()
    {
        await _app!.DisposeAsync();
        await _postgres.DisposeAsync();
        _data.Dispose();
    }

    public HttpClient Client(string? key = null)
    {
        var client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    public HttpClient Operator() => Client(OperatorKey);

    /// <summary>A new tenant, and a client with its key.</summary>
    public async Task<TenantUnderTest> TenantAsync(string name = "acme")
    {
        var answer = await Operator().PostAsJsonAsync("/api/v1/tenants", new { name });
        var tenant = await answer.Content.ReadFromJsonAsync<JsonElement>();
        var key = tenant.GetProperty("api_key").GetString()!;
        return new(new TenantId(tenant.GetProperty("id").GetGuid()), key, Client(key));
    }

    /// <summary>The first value of a question to the database, as the owner of the tables.</summary>
    public async Task<object?> ScalarAsync(string sql, params object[] values)
    {
        await using var command = Db.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        return await command.ExecuteScalarAsync();
    }

    private async Task StartAsync(string connectionString)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Channels:DataDirectory"] = _data.Path,
            ["Channels:OperatorKey"] = OperatorKey,
            ["Channels:GlobalWebhookSecret"] = GlobalWebhookSecret,
        });
        builder.Logging.ClearProviders().AddProvider(Logs).SetMinimumLevel(LogLevel.Trace);
        var database = new ChannelsDatabase(connectionString);
        builder.Services.AddSingleton(database);
        builder.Services.AddSingleton(database.Requests);
        builder.Services.AddSingleton<IInboxHint>(Hints);
        builder.Services.AddInbox();
        var inbox = builder.Services.Last(service => service.ServiceType == typeof(IInbox));
        builder.Services.Remove(inbox);
        builder.Services.AddSingleton<IInbox>(provider =>
            Inbox = new SwitchableInbox((IInbox)ActivatorUtilities.CreateInstance(provider, inbox.ImplementationType!)));
        builder.Services.AddSingleton(_ => (Grains = new FakeGrains(Db)).Factory());
        builder.Services.AddEgressRules(builder.Configuration);
        builder.Services.AddSingleton(provider => new EgressCheck(provider.GetRequiredService<EgressRules>(), (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("1.1.1.1")])));
        builder.Services.AddConnectors(builder.Configuration);
        builder.Services.AddAgents();
        builder.Services.AddChannelsApi(builder.Configuration);
        builder.Services.AddSingleton<IChannelDirectory>(provider => Directory = new SwitchableDirectory(provider.GetRequiredService<ChannelDirectory>()));
        Change(builder.Services);
        _app = builder.Build();
        _app.MapChannelsApi();
        await _app.StartAsync();
        Address = new Uri(_app.Urls.First());
        _app.Services.GetRequiredService<IInbox>();
        _app.Services.GetRequiredService<IChannelDirectory>();
        _app.Services.GetRequiredService<Orleans.IGrainFactory>();
    }

    internal sealed class HintCollector : IInboxHint
    {
        public ConcurrentQueue<AccountId> Arrivals { get; } = new();

        public ConcurrentQueue<AccountId> ThosePutBack { get; } = new();

        public void Arrived(AccountId account) => Arrivals.Enqueue(account);

        public void PutBack(AccountId account) => ThosePutBack.Enqueue(account);
    }
}

/// <summary>A tenant, its key, and a client that presents it.</summary>
public sealed record TenantUnderTest(TenantId Id, string Key, HttpClient Http);
