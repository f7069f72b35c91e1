using Channels.FakeProviders.Evolution;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>Nothing secret is logged, however much an operator wants to see and from wherever the product is started.</summary>
public sealed class SecrecyTests(PostgresFixture databases) : IClassFixture<PostgresFixture>
{
    private const string AgentSecret = "the-agents-own-secret-3e9";

    [PostgresFact]
    public async Task The_most_talkative_log_holds_no_secret_and_no_words() => await AssertSilentAsync(new()
    {
        ["Logging__LogLevel__Default"] = "Debug",
        ["Logging__LogLevel__Microsoft.AspNetCore"] = "Debug",
        ["Logging__LogLevel__Microsoft.AspNetCore.Hosting.Diagnostics"] = "Debug",
        ["Logging__LogLevel__Microsoft.AspNetCore.Routing"] = "Debug",
        ["Logging__LogLevel__System.Net.Http"] = "Debug",
        ["Logging__LogLevel__Orleans"] = "Debug",
    });

    [PostgresFact]
    public async Task Started_from_another_folder_it_is_as_silent()
    {
        using var elsewhere = TemporaryDirectory.Create();
        await AssertSilentAsync(new() { [Product.WorkingDirectory] = elsewhere.Path });
    }

    private async Task AssertSilentAsync(Dictionary<string, string> settings)
    {
        var database = await databases.CreateDatabaseAsync();
        await using var gateway = await FakeEvolution.StartAsync(new FakeEvolutionOptions { StoresMessages = false });
        await using var agent = await AgentServer.StartAsync();
        await using var product = await Product.StartAsync(database.ConnectionString, settings);
        using var tenant = await ChannelsClient.NewTenantAsync(product);
        var shop = await EvolutionChannel.CreateAsync(tenant, gateway, "shop", "5491150000077", new { kind = "http", url = agent.Url, secret = AgentSecret });
        await shop.Channel.ActivateAsync();
        agent.Behave = call => call.Text!.Contains("fail", StringComparison.Ordinal) ? 500 : $"{Running.Spine.Mark} answer";
        gateway.Script(new FakeBehaviour { FailStatus = 500, FailBody = $$"""{"message":"{{Running.Spine.Mark}} {{gateway.Options.ApiKey}}"}""" }, new FakeBehaviour { AcceptThenReset = true });

        await shop.SaysAsync("5491161234567", $"{Running.Spine.Mark} well");
        await shop.SaysAsync("5491161234567", $"{Running.Spine.Mark} badly");
        await shop.MessagesAsync("5491161234567", "two sends of unknown outcome", found => found.Count(message => message.Status == "unknown") == 2);
        await shop.SaysAsync("5491161234567", $"{Running.Spine.Mark} and fail");
        await shop.SaysAsync("5491161234567", $"{Running.Spine.Mark} and well again");

        // 1.8 knows no headers: there the secret stands in the path.
        var inPath = await shop.Channel.Api.AskAsync(
            HttpMethod.Post, $"{shop.Channel.WebhookUrl.AbsolutePath}/{shop.Channel.Secret}/messages-upsert",
            new ByteArrayContent(EvolutionBodies.Text(shop.Name, EvolutionBodies.Person("5491161234568"), EvolutionChannel.NewId(), $"{Running.Spine.Mark} by path")));
        Assert.Equal(System.Net.HttpStatusCode.OK, inPath.Status);
        await shop.Channel.PostWebhookAsync([], presented: "not-the-secret-but-somebody-elses");
        await shop.Channel.DeliverAsync(System.Text.Encoding.UTF8.GetBytes($"{{\"{Running.Spine.Mark}"));
        using var stranger = new ChannelsClient(product.Address, "not-a-key-but-somebody-elses");
        await stranger.AskAsync(HttpMethod.Get, "/api/v1/channels");
        await shop.SentAsync(1, "5491161234568");
        await shop.SentAsync(3, "5491161234567");
        await Until.SeenAsync("all webhooks to be done with", shop.Channel.MetricsAsync, now => now is { WebhooksFinished: 5, WebhooksParked: 1, TurnsWaiting: 0 });

        Assert.NotEmpty(product.Log.Lines);
        product.Log.AssertAbsent(
        [
            Running.Spine.Mark, EvolutionBodies.InstanceToken, AgentSecret, "not-the-secret-but-somebody-elses", "not-a-key-but-somebody-elses", shop.Channel.Secret, tenant.Key, product.OperatorKey,
            gateway.Options.ApiKey, "5491161234567", "5491161234568",
        ]);
    }
}
