using Channels.Api.Tests.Host;
using Channels.Core.Channels;
using Channels.Grains.Abstractions;
using Channels.Testing;

namespace Channels.Api.Tests.Channels;

public sealed class ActivationTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresFact]
    public async Task A_channel_that_must_be_paired_is_connecting()
    {
        host.Grains.Activation = new(true, AccountStatus.Connecting, null, null, null, "Scan the code.", null);
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync();

        var answer = await (await tenant.Http.PostAsync($"/api/v1/channels/{id}/activate", null)).JsonAsync();

        Assert.Equal("connecting", answer.GetProperty("status").GetString());
        Assert.Equal("Scan the code.", answer.GetProperty("next_step").GetString());
    }

    [PostgresTheory]
    [InlineData("unauthorized", "api_key", 422, "provider_refused")]
    [InlineData("gateway-unreachable", null, 502, "provider_unreachable")]
    public async Task A_provider_that_does_not_go_along_is_a_problem(string code, string? field, int status, string problemCode)
    {
        host.Grains.Activation = new(false, AccountStatus.Error, null, code, "The gateway said no.", "Correct the key.", field);
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync();

        var problem = await (await tenant.Http.PostAsync($"/api/v1/channels/{id}/activate", null)).ProblemAsync(status, problemCode);

        Assert.Contains("The gateway said no.", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(field is null ? [] : [$"config.{field}"], problem.TryGetProperty("errors", out _) ? problem.Fields() : []);
    }

    [PostgresFact]
    public async Task A_channel_may_be_activated_as_it_is_created()
    {
        host.Grains.Activation = null;
        var tenant = await host.TenantAsync();

        var made = await (await tenant.Http.SendJsonAsync(
            HttpMethod.Post, "/api/v1/channels", """{"name":"n","channel_type":"simulator","activate":true}""")).JsonAsync(System.Net.HttpStatusCode.Created);

        Assert.Equal("active", made.GetProperty("status").GetString());
        Assert.True(made.GetProperty("activation").GetProperty("success").GetBoolean());
    }

    [PostgresFact]
    public async Task A_channel_is_made_and_its_secret_shown_even_when_its_activation_fails()
    {
        var tenant = await host.TenantAsync();
        host.Grains.Failure = new TimeoutException();

        var answer = await tenant.Http.SendJsonAsync(HttpMethod.Post, "/api/v1/channels", """{"name":"n","channel_type":"simulator","activate":true}""");
        host.Grains.Failure = null;

        var made = await answer.JsonAsync(System.Net.HttpStatusCode.Created);
        Assert.Equal("pending", made.GetProperty("status").GetString());
        Assert.False(made.GetProperty("activation").GetProperty("success").GetBoolean());
        Assert.True(made.TryGetProperty("webhook_secret", out _));
    }

    [PostgresFact]
    public async Task A_grain_that_does_not_answer_in_time_is_said_to_be_busy()
    {
        host.Grains.Activation = null;
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateSimulatorAsync();
        host.Grains.Failure = new TimeoutException();

        var answer = await tenant.Http.PostAsync($"/api/v1/channels/{id}/activate", null);
        host.Grains.Failure = null;

        await answer.ProblemAsync(503, "busy");
        Assert.NotNull(answer.Headers.RetryAfter);
    }
}
