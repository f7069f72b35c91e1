using System.Text.Json;
using Channels.Agents.Knowledge;
using Channels.Core.Agents;
using static Channels.Agents.AgentSettingsCheck;

namespace Channels.Agents.OpenAi;

/// <summary>The settings of an agent that is a model: <c>base_url, model, api_key, instructions, temperature, max_history_tokens, max_reply_tokens, knowledge</c>.</summary>
internal static class OpenAiAgentSettings
{
    private const int UsualHistory = 3000;
    private const int MostTokens = 100_000;
    private const int MostHistoryMessages = 100;
    private const int LongestUrl = 2048;
    private const int LongestModel = 200;
    private const int LongestInstructions = 32_000;
    private const double HottestTemperature = 2;
    private static readonly Uri OpenAi = new("https://api.openai.com/v1");

    // A model can tell itself what is beside the point, so it is shown more than a contact would be.
    private static readonly KnowledgeSettings UsualKnowledge = new(MaxPassages: 3, MinMatch: 0.3);

    public static AgentDescription Description { get; } = new(
        "What a model says: OpenAI's, or any service that speaks as OpenAI's chat completions do",
        [
            new("model", "The model's name as its service knows it.", Required: true),
            new("api_key", "Sent as Authorization: Bearer; may be left out where the service wants none. Never shown again."),
            new("base_url", $"What stands before /chat/completions. Default: {OpenAi}."),
            new("instructions", $"What the model is told before every conversation, up to {LongestInstructions} characters."),
            new("temperature", $"0 to {HottestTemperature}. Default: the model's own."),
            new("max_history_tokens", $"How much of what was said before and of the knowledge the model gets. Default: {UsualHistory}."),
            new("max_reply_tokens", "How long an answer may get. Default: the model's own."),
            new("knowledge", $"The tenant's own documents as context: {{{KnowledgeSettings.Names}}}. Default: none."),
        ]);

    /// <summary>Where the model is; null when what was given is no URL.</summary>
    public static Uri? BaseUrl(AgentSettings settings) => Member(settings, "base_url") switch
    {
        null => OpenAi,
        { ValueKind: JsonValueKind.String } given
            when given.GetString() is { Length: <= LongestUrl } text && Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out var url) && url.Scheme is "http" or "https" => url,
        _ => null,
    };

    public static string? Model(AgentSettings settings) => settings.Setting("model") is { Length: <= LongestModel } model && !string.IsNullOrWhiteSpace(model) ? model : null;

    public static string? ApiKey(AgentSettings settings) => settings.Setting("api_key") is { Length: > 0 } key ? key : null;

    public static string? Instructions(AgentSettings settings) => settings.Setting("instructions");

    public static float? Temperature(AgentSettings settings) =>
        Member(settings, "temperature") is { ValueKind: JsonValueKind.Number } value && value.TryGetSingle(out var temperature) ? temperature : null;

    /// <summary>How many estimated tokens of earlier messages the model gets.</summary>
    public static int MaxHistoryTokens(AgentSettings settings) => Whole(settings, "max_history_tokens", least: 0) ?? UsualHistory;

    /// <summary>Which of the tenant's documents the model gets to see; null for none.</summary>
    public static KnowledgeSettings? Knowledge(AgentSettings settings) =>
        Member(settings, "knowledge") is { ValueKind: JsonValueKind.Object } knowledge ? KnowledgeSettings.Read(knowledge, UsualKnowledge) : null;

    public static int? MaxReplyTokens(AgentSettings settings) => Whole(settings, "max_reply_tokens", least: 1);

    /// <summary>As many messages as could fit if each were as short as can be, within what a conversation's history is read for.</summary>
    public static int HistoryLength(AgentSettings settings) => Math.Min(MostHistoryMessages, MaxHistoryTokens(settings) / TokenEstimate.ShortestMessage);

    public static IEnumerable<AgentComplaint> Check(AgentSettings settings)
    {
        var url = BaseUrl(settings);
        if ((url is null ? $"must be an absolute http or https URL; leave it out for {OpenAi}." : UrlComplaint(url)) is { } wrong)
        {
            yield return new("base_url", wrong);
        }

        if (Model(settings) is null)
        {
            yield return new("model", $"must be a text of 1 to {LongestModel} characters: the model's name as its service knows it.");
        }

        if (Member(settings, "api_key") is { } key)
        {
            if (!IsBearer(key))
            {
                yield return new("api_key", BearerRule);
            }
        }
        else if (url?.Host == OpenAi.Host)
        {
            yield return new("api_key", $"is missing; {OpenAi.Host} answers nobody without one.");
        }

        if (Member(settings, "instructions") is { } instructions
            && (instructions.ValueKind != JsonValueKind.String || instructions.GetString()!.Length > LongestInstructions))
        {
            yield return new("instructions", $"must be a text of up to {LongestInstructions} characters: what the model is told before every conversation.");
        }

        if (Member(settings, "temperature") is not null && Temperature(settings) is not (>= 0 and <= (float)HottestTemperature))
        {
            yield return new("temperature", $"must be a number from 0 to {HottestTemperature}; leave it out for the model's own.");
        }

        if (Member(settings, "max_history_tokens") is not null && Whole(settings, "max_history_tokens", least: 0) is null)
        {
            yield return new("max_history_tokens", $"must be a whole number from 0 to {MostTokens}: how much of what was said before the model gets.");
        }

        if (Member(settings, "max_reply_tokens") is not null && Whole(settings, "max_reply_tokens", least: 1) is null)
        {
            yield return new("max_reply_tokens", $"must be a whole number from 1 to {MostTokens}; leave it out for the model's own.");
        }

        foreach (var complaint in KnowledgeComplaints(settings).Concat(Unknown(settings, Description)))
        {
            yield return complaint;
        }
    }

    private static IEnumerable<AgentComplaint> KnowledgeComplaints(AgentSettings settings) => Member(settings, "knowledge") switch
    {
        null => [],
        { ValueKind: JsonValueKind.Object } knowledge => KnowledgeSettings.Check(knowledge, "knowledge.")
            .Concat(Unknown(knowledge, "knowledge.", settings.Kind, KnowledgeSettings.Names.Split(", "))),
        _ => [new("knowledge", $"must be an object of {KnowledgeSettings.Names}; {{}} takes all of your documents.")],
    };

    private static string? UrlComplaint(Uri url) =>
        url.UserInfo.Length > 0 ? "must not hold a user name or password; put the key into 'api_key'."
        : url.Query.Length > 0 || url.Fragment.Length > 0 ? "must not hold a query or a fragment."
        : url.AbsolutePath.EndsWith("/chat/completions", StringComparison.OrdinalIgnoreCase) ? "must end before /chat/completions, which is added to it."
        : null;

    private static int? Whole(AgentSettings settings, string name, int least) =>
        Member(settings, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var whole) && whole >= least && whole <= MostTokens ? whole : null;
}
