using System.Collections.Immutable;
using Channels.Core.Knowledge;

namespace Channels.Agents.OpenAi;

/// <summary>What a model is told of its tenant's documents about one message, and how many estimated tokens that is.</summary>
/// <param name="Text">Null when the agent has no knowledge.</param>
/// <param name="Tokens">What is left less for the history.</param>
internal sealed record OpenAiKnowledge(string? Text, int Tokens)
{
    private const string Found = "This is what the knowledge base says about the contact's message:";
    private const string Nothing = "The knowledge base has nothing about the contact's message. Where an answer would need it, say that you do not know; do not guess.";

    /// <summary>The agent has no knowledge.</summary>
    public static OpenAiKnowledge None { get; } = new(null, 0);

    /// <summary>The best passage, and of those behind it as many as fit, in their order. Says so when there is none.</summary>
    public static OpenAiKnowledge Told(ImmutableArray<KnowledgePassage> passages, int tokens)
    {
        if (passages.IsEmpty)
        {
            return new(Nothing, 0);
        }

        var told = new List<string>();
        var cost = 0;
        foreach (var passage in passages.Select(Said))
        {
            var more = TokenEstimate.OfMessage(passage);
            if (told.Count > 0 && cost + more > tokens)
            {
                break;
            }

            told.Add(passage);
            cost += more;
        }

        return new(string.Join("\n\n", told.Prepend(Found)), cost);
    }

    /// <inheritdoc/>
    public override string ToString() => "knowledge";

    private static string Said(KnowledgePassage passage) =>
        $"# {(passage.Headings.Length > 0 ? $"{passage.Title} › {passage.Headings}" : passage.Title)}\n{passage.Text}";
}
