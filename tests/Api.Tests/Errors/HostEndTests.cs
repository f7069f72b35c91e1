using Channels.Api.Tests.Host;
using Channels.Storage.Secrets;
using Channels.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Channels.Api.Tests.Errors;

/// <summary>What a process ends with: whoever watches over it starts again what did not end in peace.</summary>
public sealed class HostEndTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresTheory]
    [InlineData("a fault", 1)]
    [InlineData("a cancellation of its own", 1)]
    [InlineData("a stop", 0)]
    public async Task Work_of_its_own_that_breaks_is_no_peaceful_end(string end, int code)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration["urls"] = "http://127.0.0.1:0";
        var start = new HostStart(builder.Logging);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(host.Services.GetRequiredService<KeysAtStart>());
        builder.Services.AddHostedService(provider => new Work(provider.GetRequiredService<IHostApplicationLifetime>(), end));

        Assert.Equal(code, await start.RunAsync(builder.Build(), _ => { }).WaitAsync(TimeSpan.FromSeconds(30)));
    }

    private sealed class Work(IHostApplicationLifetime lifetime, string end) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
            await started.Task.WaitAsync(stoppingToken);
            switch (end)
            {
                case "a fault":
                    throw new InvalidOperationException("a fault of ours");
                case "a stop":
                    lifetime.StopApplication();
                    await Task.Delay(Timeout.Infinite, stoppingToken);
                    break;
                default:
                    throw new OperationCanceledException("somebody else's");
            }
        }
    }
}
