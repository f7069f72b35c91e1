using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Channels.Core.Agents;
using Channels.Core.Text;

namespace Channels.Agents.Http;

/// <summary>A tenant's own service that answers turns over HTTP.</summary>
/// <remarks>
/// Message path, step 5 of 6. Asked again with the same <c>turn_id</c> after a crash, unless it said before (202) that it answers later. Its URL is the tenant's: the client is guarded,
/// follows no redirects, and nothing the service says reaches a log.
/// </remarks>
internal sealed class HttpAgent(IHttpClientFactory clients, ServiceCall service) : IAnswersLater, IWaitsForFiles
{
    /// <summary>The name of the guarded client.</summary>
    public const string Client = "agent";

    // A reply may be escaped six to one in JSON; more than that is no reply.
    private const int LongestAnswer = 8 * AgentOutcome.LongestText;

    /// <inheritdoc/>
    public string Kind => "http";

    /// <inheritdoc/>
    public AgentDescription Description => HttpAgentSettings.Description;

    /// <inheritdoc/>
    public bool AcceptsMedia(AgentSettings settings) => HttpAgentSettings.AcceptsMedia(settings);

    /// <inheritdoc/>
    public int HistoryLength(AgentSettings settings) => HttpAgentSettings.History(settings);

    /// <inheritdoc/>
    public TimeSpan FileWait(AgentSettings settings) => HttpAgentSettings.FileWait(settings);

    /// <inheritdoc/>
    public TimeSpan ReplyWithin(AgentSettings settings) => HttpAgentSettings.ReplyWithin(settings);

    /// <inheritdoc/>
    public IEnumerable<AgentComplaint> Check(AgentSettings settings) => HttpAgentSettings.Check(settings);

    /// <inheritdoc/>
    public async Task<AgentOutcome> AnswerAsync(AgentTurn turn, AgentSettings settings, CancellationToken cancellationToken)
    {
        if (HttpAgentSettings.Url(settings) is not { } url)
        {
            return new AgentOutcome.Failed("agent-settings", "The agent's URL is missing or not valid.");
        }

        return await service.AskAsync(turn, "agent", token => AskAsync(url, turn, settings, token), cancellationToken);
    }

    private async Task<AgentOutcome> AskAsync(Uri url, AgentTurn turn, AgentSettings settings, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(HttpAgentPayloads.Request(turn)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (HttpAgentSettings.Secret(settings) is { } secret)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        }

        using var response = await clients.CreateClient(Client).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            return new AgentOutcome.Failed("agent-status", string.Create(CultureInfo.InvariantCulture, $"The agent answered {(int)response.StatusCode}."));
        }

        if (response.StatusCode == HttpStatusCode.Accepted)
        {
            return new AgentOutcome.Later();
        }

        return await ReadBoundedAsync(response.Content, cancellationToken) is { } answer
            ? Outcome(answer)
            : new AgentOutcome.Failed("agent-reply-too-long", "The agent's answer is longer than a reply can be.");
    }

    private static AgentOutcome Outcome(ReadOnlyMemory<byte> answer)
    {
        if (HttpAgentPayloads.Read(answer) is not { } said)
        {
            return new AgentOutcome.Failed("agent-answer-invalid", $"The agent's answer is not JSON of the form {HttpAgentPayloads.Form}; options {AgentOptions.Rule}");
        }

        var text = string.IsNullOrWhiteSpace(said.Text) ? null : Scrub.Clean(said.Text);
        return (text, said.HandOver) switch
        {
            ({ } reply, _) when System.Text.Encoding.UTF8.GetByteCount(reply) > AgentOutcome.LongestText =>
                new AgentOutcome.Failed("agent-reply-too-long", $"The agent's reply is longer than {AgentOutcome.LongestText / 1024} KB."),
            (_, true) => new AgentOutcome.HandOver(text, "the agent asked for a person"),
            ({ } reply, _) => new AgentOutcome.Reply(reply) { Options = said.Options },
            _ => new AgentOutcome.Silent("the agent chose not to answer"),
        };
    }

    // Stops at the limit instead of trusting the announced length: the service is anybody's.
    private static async Task<ReadOnlyMemory<byte>?> ReadBoundedAsync(HttpContent content, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength > LongestAnswer)
        {
            return null;
        }

        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        using var answer = new MemoryStream();
        var piece = new byte[8192];
        int read;
        while ((read = await stream.ReadAsync(piece, cancellationToken)) > 0)
        {
            if (answer.Length + read > LongestAnswer)
            {
                return null;
            }

            answer.Write(piece, 0, read);
        }

        return answer.GetBuffer().AsMemory(0, (int)answer.Length);
    }
}
