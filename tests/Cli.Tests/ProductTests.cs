using System.Text.Json;
using Channels.Cli.Tests.Host;
using Channels.Running;
using Channels.Testing;

namespace Channels.Cli.Tests;

/// <summary>The commands against the product itself, in the order in which somebody new would use them.</summary>
public sealed class ProductTests : IAsyncLifetime
{
    private readonly PostgresFixture _databases = new();
    private readonly CommandRun _run = new() { IsHurried = false };
    private Product? _product;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _run.Dispose();
        if (_product is not null)
        {
            await _product.DisposeAsync();
        }

        await _databases.DisposeAsync();
    }

    [PostgresFact]
    public async Task From_the_first_setup_to_a_channel_in_trouble()
    {
        _product = await Product.StartAsync((await _databases.CreateDatabaseAsync()).ConnectionString);
        _run.KeepSecret(_product.OperatorKey, "a-key-of-a-gateway");

        var setup = await _run.RunAsync(
            "setup", "--url", _product.Address.ToString(), "--key", _product.OperatorKey, "--new-tenant", "acme", "--kind", "simulator", "--agent", "echo", "--activate", "--json");
        Assert.Equal((ExitCodes.Fine, ""), (setup.Code, setup.Error));
        var channel = setup.Json.GetProperty("channel").GetProperty("id").GetString()!;
        _run.KeepSecret(JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(_run.ConfigFile)).GetProperty("key").GetString()!);

        var simulated = await _run.RunAsync("simulate", "--account", channel, "--from", "visitor-1", "--text", "hola", "--wait", "30");
        Assert.True(simulated.Code == ExitCodes.Fine, simulated.ToString());
        Assert.Contains("agent (sent): hola", simulated.Out, StringComparison.Ordinal);

        var sent = await _run.RunAsync("send", "--account", channel, "--to", "visitor-2", "--text", "good morning", "--author", "program", "--wait", "30", "--json");
        Assert.True(sent.Code == ExitCodes.Fine, sent.ToString());
        Assert.Equal("good morning", sent.Json.GetProperty("message").GetProperty("text").GetString());

        _run.File("map.pdf", "%PDF");
        var file = await _run.RunAsync("send", "--account", channel, "--to", "visitor-2", "--file", "map.pdf", "--wait", "30");
        Assert.True(file.Code == ExitCodes.Fine, file.ToString());

        var refused = await _run.RunAsync("send", "--account", channel, "--to", "visitor-2", "--text", new string('x', 70_000));
        Assert.Equal(ExitCodes.Wrong, refused.Code);
        Assert.Contains("text:", refused.Error, StringComparison.Ordinal);

        using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using var lines = new CountingWriter(1, enough.Cancel);
        var followed = await _run.RunAsync(["tail", "--since", "beginning", "--json", "--account", channel, "--types", "message.received"], lines, enough.Token);
        Assert.Equal(ExitCodes.Fine, followed.Code);
        Assert.Equal("message.received", followed.Json.GetProperty("type").GetString());

        var valid = await _run.RunAsync("validate", "simulator");
        var invalid = await _run.RunAsync("validate", "evolution", "--set", "base_url=http://127.0.0.1:9", "--set", "send_timeout_seconds=1000", "--json");
        var unknown = await _run.RunAsync("validate", "pigeon");
        Assert.Equal(ExitCodes.Fine, valid.Code);
        Assert.Equal(ExitCodes.Wrong, invalid.Code);
        Assert.Equal(["api_key", "instance_name", "send_timeout_seconds"], invalid.Json.GetProperty("complaints").EnumerateArray().Select(complaint => complaint.GetProperty("field").GetString()).Order());
        Assert.Equal(ExitCodes.Wrong, unknown.Code);
        Assert.Contains("known are:", unknown.Error, StringComparison.Ordinal);

        var well = await _run.RunAsync("healthcheck", "--check-connection", "--json");
        Assert.True(well.Code == ExitCodes.Fine, well.ToString());
        Assert.Equal("not_supported", well.Json.GetProperty("checked")[0].GetProperty("result").GetString());

        var another = await _run.RunAsync(
            "setup", "--kind", "evolution", "--name", "Shop 1", "--set", "base_url=http://127.0.0.1:9", "--set", "api_key=a-key-of-a-gateway", "--set", "instance_name=shop1");
        Assert.True(another.Code == ExitCodes.Fine, another.ToString());
        var trouble = await _run.RunAsync("healthcheck", "--check-connection");
        Assert.Equal(ExitCodes.Wrong, trouble.Code);
        Assert.Contains("Shop 1", trouble.Out, StringComparison.Ordinal);
        Assert.Contains("pending", trouble.Out, StringComparison.Ordinal);
        Assert.Contains("To do: ", trouble.Out, StringComparison.Ordinal);
        Assert.Contains("connection: base_url:", trouble.Out, StringComparison.Ordinal);

        var stranger = await _run.RunAsync("healthcheck", "--key", "no-key-of-anybody");
        Assert.Equal(ExitCodes.NotAllowed, stranger.Code);
    }
}
