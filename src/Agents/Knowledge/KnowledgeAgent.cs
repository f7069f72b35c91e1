using System.Text.Json;
using Channels.Core.Agents;
using Channels.Core.Knowledge;
using static Channels.Agents.AgentSettingsCheck;

namespace Channels.Agents.Knowledge;

/// <summary>Answers with what the tenant's own documents say, word for word, and hands over to a person when they say nothing. No model is asked.</summary>
/// <remarks>Message path, step 5 of 6. Asked again after a crash it may answer differently: documents may have changed.</remarks>
internal sealed class KnowledgeAgent(IKnowledge knowledge) : IAgent
{
    private const int LongestHandOverText = 1000;

    // Half of the words: people put a greeting and a please around their question. Less, and a town's name alone would be an answer.
    private static readonly KnowledgeSettings Usual = new(MaxPassages: 1, MinMatch: 0.5);

    /// <inheritdoc/>
    public string Kind => "knowledge";

    /// <inheritdoc/>
    public AgentDescription Description { get; } = new(
        "The passages of your own documents that fit best; when none does, a person",
        [.. Usual.Described, new("hand_over_text", $"What the contact reads when nothing fits and a person is to answer, up to {LongestHandOverText} characters. Default: nothing.")]);

    /// <inheritdoc/>
    public bool AcceptsMedia(AgentSettings settings) => false;

    /// <inheritdoc/>
    public int HistoryLength(AgentSettings settings) => 0;

    /// <inheritdoc/>
    public async Task<AgentOutcome> AnswerAsync(AgentTurn turn, AgentSettings settings, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(turn.Message.Text))
        {
            return new AgentOutcome.Silent("there is no text to answer");
        }

        // A thumb up asks nothing, and needs no person.
        if (!turn.Message.Text.Any(char.IsLetterOrDigit))
        {
            return new AgentOutcome.Silent("there are no words in it");
        }

        var found = await knowledge.SearchAsync(turn.Tenant, KnowledgeSettings.Read(settings.Settings, Usual).QueryFor(turn), cancellationToken);
        return found.IsEmpty
            ? new AgentOutcome.HandOver(HandOverText(settings), "nothing in the knowledge base fits the question")
            : new AgentOutcome.Reply(string.Join("\n\n", found.Select(passage => passage.Text).Distinct()));
    }

    /// <inheritdoc/>
    public IEnumerable<AgentComplaint> Check(AgentSettings settings)
    {
        foreach (var complaint in KnowledgeSettings.Check(settings.Settings, prefix: ""))
        {
            yield return complaint;
        }

        if (Member(settings, "hand_over_text") is { } text && !(text.ValueKind == JsonValueKind.String && text.GetString()!.Length <= LongestHandOverText))
        {
            yield return new("hand_over_text", $"must be a text of up to {LongestHandOverText} characters; leave it out to say nothing.");
        }

        foreach (var complaint in Unknown(settings, Description))
        {
            yield return complaint;
        }
    }

    private static string? HandOverText(AgentSettings settings) => settings.Setting("hand_over_text") is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;
}
