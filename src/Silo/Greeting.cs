using Channels.Api;

namespace Channels.Silo;

/// <summary>Tells whoever started us where we are and how to try us: the first minute of a new user.</summary>
internal sealed class Greeting(IServiceProvider services, IConfiguration configuration, IHostApplicationLifetime lifetime) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(() => Console.WriteLine(Text()));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private string Text()
    {
        var url = services.ListeningOn();
        var configured = !string.IsNullOrEmpty(configuration["Channels:OperatorKey"]);
        var file = Path.Combine(configuration["Channels:DataDirectory"] ?? "./data", "operator.key");
        var key = configured ? "$Channels__OperatorKey" : $"$(cat {file})";
        return $$"""

            Channels answers at {{url}}  (API description: {{url}}/docs)
            The operator key is {{(configured ? "the one in Channels__OperatorKey" : $"in {file}")}}.
            Try it:

            KEY=$(curl -s {{url}}/api/v1/tenants -H "Authorization: Bearer {{key}}" -H 'Content-Type: application/json' -d '{"name":"demo"}' | sed 's/.*"api_key":"\([^"]*\)".*/\1/')
            CHANNEL=$(curl -s {{url}}/api/v1/channels -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' -d '{"name":"Demo","channel_type":"simulator","identity":"demo","agent":{"kind":"echo"},"activate":true}' | sed 's/.*"id":"\([^"]*\)".*/\1/')
            curl -s "{{url}}/api/v1/channels/$CHANNEL/simulate?wait=10" -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' -d '{"from":"5491122223333","text":"hola"}'

            """;
    }
}
