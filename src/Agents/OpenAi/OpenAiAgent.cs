using System.ClientModel;
using System.ClientModel.Primitives;
using System.Globalization;
using System.Text;
using Channels.Core.Agents;
using Channels.Core.Egress;
using Channels.Core.Text;
using Microsoft.Extensions.Logging;
using OpenAI;
using OpenAI.Chat;

namespace Channels.Agents.OpenAi;

/// <summary>A model that answers turns: OpenAI's, or any service that speaks as OpenAI does.</summary>
/// <remarks>
/// Message path, step 5 of 6. Asked again after a crash, with the same <c>Idempotency-Key</c>: the turn's id. The base URL is the tenant's: the library
/// talks through our guarded client, follows no redirects, and nothing the service says reaches a log or a failure's reason.
/// </remarks>
internal sealed partial class OpenAiAgent(IHttpClientFactory clients, TimeProvider clock, ILogger<OpenAiAgent> logger) : IAgent
{
    /// <summary>The name of the guarded client.</summary>
    public const string Client = "agent-openai";

    /// <summary>In bytes of UTF-8.</summary>
    public const int LongestReply = AgentOutcome.LongestText;

    // The product gives a turn 25 s; a second less lets our own word for it arrive before the turn is cut off.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(24);

    /// <inheritdoc/>
    public string Kind => "openai";

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

        using var patience = new CancellationTokenSource(Patience, clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            using var request = BinaryContent.Create(BinaryData.FromBytes(OpenAiAgentPayloads.Request(turn, settings, model)));
            var asking = new RequestOptions { CancellationToken = limit.Token };
            asking.SetHeader("Idempotency-Key", turn.TurnId.ToString());
            var answer = await Chat(url, model, OpenAiAgentSettings.ApiKey(settings)).CompleteChatAsync(request, asking);
            return Outcome(OpenAiAgentPayloads.Read(answer.GetRawResponse().Content));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new AgentOutcome.Failed("agent-timeout", string.Create(CultureInfo.InvariantCulture, $"The model did not answer within {Patience.TotalSeconds:0} s."));
        }
        catch (ClientResultException refusal) when (refusal.Status != 0)
        {
            return OpenAiAgentErrors.ToOutcome(refusal);
        }
        catch (Exception failure) when (failure is ClientResultException or HttpRequestException or IOException)
        {
            return Failed(turn, failure);
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
            NetworkTimeout = Patience,
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

    // What exactly failed is for the operator: a tenant must not learn from it what is inside our network.
    private AgentOutcome.Failed Failed(AgentTurn turn, Exception failure)
    {
        var cause = failure as HttpRequestException ?? failure.InnerException as HttpRequestException;
        if (cause?.InnerException is EgressRefusedException)
        {
            Log.Refused(logger, turn.TurnId);
            return new("agent-address-not-allowed", "The model's address is not a public one; the operator can allow its network.");
        }

        if (cause?.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            return OpenAiAgentErrors.TooLong;
        }

        Log.Unreachable(logger, turn.TurnId, cause?.HttpRequestError.ToString() ?? failure.GetType().Name);
        return new("agent-unreachable", "The model's service could not be reached.");
    }

    private static partial class Log
    {
        [LoggerMessage(5201, LogLevel.Information, "Turn {TurnId} could not be asked of a model: its address is not allowed")]
        public static partial void Refused(ILogger logger, Guid turnId);

        [LoggerMessage(5202, LogLevel.Information, "Turn {TurnId} could not be asked of a model: {Problem}")]
        public static partial void Unreachable(ILogger logger, Guid turnId, string problem);
    }
}
