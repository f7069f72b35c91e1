using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using Channels.Core.Agents;
using Channels.Core.Knowledge;
using Channels.Core.Text;
using OpenAI;
using OpenAI.Chat;

namespace Channels.Agents.OpenAi;

/// <summary>A model that answers turns: OpenAI's, or any service that speaks as OpenAI does.</summary>
/// <remarks>
/// Message path, step 5 of 6. Asked again after a crash, with the same <c>Idempotency-Key</c>: the turn's id. The base URL is the tenant's: the library
/// talks through our guarded client, follows no redirects, and nothing the service says reaches a log or a failure's reason.
/// </remarks>
internal sealed class OpenAiAgent(IHttpClientFactory clients, IKnowledge knowledge, ServiceCall service) : IAgent
{
    /// <summary>The name of the guarded client.</summary>
    public const string Client = "agent-openai";

    /// <summary>In bytes of UTF-8.</summary>
    public const int LongestReply = AgentOutcome.LongestText;

    /// <inheritdoc/>
    public string Kind => "openai";

    /// <inheritdoc/>
    public AgentDescription Description => OpenAiAgentSettings.Description;

    /// <inheritdoc/>
    public bool AcceptsMedia(AgentSettings settings) => false;

    /// <inheritdoc/>
    public int HistoryLength(AgentSettings settings) => OpenAiAgentSettings.HistoryLength(settings);

    /// <inheritdoc/>
    public IEnumerable<AgentComplaint> Check(AgentSettings settings) => OpenAiAgentSettings.Check(settings);

    /// <inheritdoc/>
    public async Task<AgentOutcome> AnswerAsync(AgentTurn turn, AgentSettings settings, CancellationToken cancellationToken)
    {
        if (OpenAiAgentSettings.BaseUrl(settings) is not { } url || OpenAiAgentSettings.Model(settings) is not { } model)
        {
            return new AgentOutcome.Failed("agent-settings", "The agent's 'base_url' or 'model' is missing or not valid.");
        }

        if (string.IsNullOrWhiteSpace(turn.Message.Text))
        {
            return new AgentOutcome.Silent("there is no text to answer");
        }

        return await service.AskAsync(turn, "model", token => AskAsync(url, model, turn, settings, token), cancellationToken);
    }

    private async Task<AgentOutcome> AskAsync(Uri url, string model, AgentTurn turn, AgentSettings settings, CancellationToken cancellationToken)
    {
        var known = OpenAiAgentSettings.Knowledge(settings) is { } wanted
            ? OpenAiKnowledge.Told(await knowledge.SearchAsync(turn.Tenant, wanted.QueryFor(turn), cancellationToken), OpenAiAgentSettings.MaxHistoryTokens(settings))
            : OpenAiKnowledge.None;
        using var request = BinaryContent.Create(BinaryData.FromBytes(OpenAiAgentPayloads.Request(turn, settings, model, known)));
        var asking = new RequestOptions { CancellationToken = cancellationToken };
        asking.SetHeader("Idempotency-Key", turn.TurnId.ToString());
        try
        {
            var answer = await Chat(url, model, OpenAiAgentSettings.ApiKey(settings)).CompleteChatAsync(request, asking);
            return Outcome(OpenAiAgentPayloads.Read(answer.GetRawResponse().Content));
        }
        catch (ClientResultException refusal) when (refusal.Status != 0)
        {
            return OpenAiAgentErrors.ToOutcome(refusal);
        }
        catch (Exception failure) when (ServiceCall.CauseOf(failure)?.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            return OpenAiAgentErrors.TooLong;
        }
    }

    // One for each turn: it holds a tenant's key. The connections behind it are shared.
    private ChatClient Chat(Uri url, string model, string? key)
    {
        var options = new OpenAIClientOptions
        {
            Endpoint = url,
            Transport = new HttpClientPipelineTransport(clients.CreateClient(Client)),
            // Like the HTTP agent a model is asked once a turn: the library's own waiting (up to minutes) would eat the contact's.
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = ServiceCall.Patience,
            // The library would write URLs and, when told so elsewhere, bodies.
            ClientLoggingOptions = new ClientLoggingOptions { EnableLogging = false },
            EnableDistributedTracing = false,
        };
        if (key is null)
        {
            // The library insists on a key; a model on one's own machine has none.
            options.AddPolicy(new OpenAiWithoutKey(), PipelinePosition.BeforeTransport);
        }

        return new ChatClient(model, new ApiKeyCredential(key ?? "none"), options);
    }

    private static AgentOutcome Outcome(ModelAnswer? answer) => answer switch
    {
        null => new AgentOutcome.Failed("agent-answer-invalid", "The model's service answered something else than a chat completion; check 'base_url'."),
        { Finish: "content_filter" } => OpenAiAgentErrors.Filtered,
        { Refused: true } => new AgentOutcome.Failed("agent-refused", "The model refused to answer."),
        { Text: { } text } when !string.IsNullOrWhiteSpace(text) =>
            Encoding.UTF8.GetByteCount(text) <= LongestReply ? new AgentOutcome.Reply(Scrub.Clean(text)) : OpenAiAgentErrors.TooLong,
        { Finish: "length" } => new AgentOutcome.Failed("agent-reply-cut", "The model used up its tokens before it said anything; raise 'max_reply_tokens'."),
        _ => new AgentOutcome.Silent("the model gave an empty answer"),
    };
}
