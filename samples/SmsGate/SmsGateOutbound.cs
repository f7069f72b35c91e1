using System.Net.Http.Json;
using System.Text.Json;
using Channels.Core.Connectors;

namespace Channels.Samples.SmsGate;

/// <summary>Hands one text to the gateway: <c>POST /messages {to, text, reference}</c>.</summary>
internal sealed class SmsGateOutbound(IHttpClientFactory http)
{
    /// <summary>The product's own client: guarded against private addresses, and without a time limit of its own.</summary>
    private const string ClientName = "provider";

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    public async Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken)
    {
        if (message.Content is not null || message.Text.Length == 0)
        {
            return new SendOutcome.Refused("unsupported-content", "an SMS is text and nothing else");
        }

        if (!Uri.TryCreate(connection.Setting("base_url"), UriKind.Absolute, out var address) || connection.Setting("api_key") is not { Length: > 0 } key)
        {
            return new SendOutcome.Blocked("settings-incomplete", "address or key is missing in the settings", GatewayFault: false);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_patience);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, "messages"));
        request.Headers.TryAddWithoutValidation("X-Api-Key", key);
        request.Content = JsonContent.Create(new { to = message.ChatId, text = message.Text, reference = message.Id.ToString() });
        try
        {
            using var client = http.CreateClient(ClientName);
            using var answer = await client.SendAsync(request, limit.Token);
            return SmsGateErrors.ToOutcome(answer.StatusCode, answer.Headers.RetryAfter?.Delta, await IdOfAsync(answer, limit.Token));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new SendOutcome.Unknown($"no answer within {_patience.TotalSeconds:0} s");
        }
        catch (HttpRequestException failed)
        {
            return SmsGateErrors.ToOutcome(failed);
        }
    }

    private static async Task<string?> IdOfAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            using var body = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellationToken));
            return body.RootElement.ValueKind == JsonValueKind.Object && body.RootElement.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String
                ? id.GetString()
                : null;
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
