using System.Collections.Immutable;
using Channels.Core.Ids;

namespace Channels.Core.Knowledge;

/// <summary>Finds in a tenant's own documents what answers a question, by its words. No model is asked.</summary>
public interface IKnowledge
{
    /// <summary>The passages that fit, best first; empty when nothing does, which is an honest answer. May be called for any text, however long or odd.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot say; never taken for 'nothing fits'.</exception>
    Task<ImmutableArray<KnowledgePassage>> SearchAsync(TenantId tenant, KnowledgeQuery query, CancellationToken cancellationToken);
}

/// <summary>What is looked for, and where.</summary>
/// <param name="Question">As it was asked. Only its first 1,000 characters count.</param>
public sealed record KnowledgeQuery(string Question)
{
    /// <summary>The collections to look in; empty for all of the tenant's.</summary>
    public ImmutableArray<string> Collections { get; init; } = [];

    /// <summary>Looks only into documents of this language (a BCP 47 tag; its first part decides); null for every language.</summary>
    public string? Language { get; init; }

    /// <summary>Of passages that fit equally well, those in this language come first; null for no preference.</summary>
    public string? Locale { get; init; }

    /// <summary>How many passages at most.</summary>
    public int Most { get; init; } = 1;

    /// <summary>The share of the question's words, 0 to 1, that a passage must hold. Words that every text has (articles, auxiliaries) do not count.</summary>
    public double MinMatch { get; init; }

    /// <inheritdoc/>
    public override string ToString() => "question";
}

/// <summary>A part of a document that fits a question.</summary>
/// <param name="Document">The document's id.</param>
/// <param name="Collection">The collection it belongs to.</param>
/// <param name="Title">The document's title.</param>
/// <param name="Language">The document's language, a BCP 47 tag.</param>
/// <param name="Headings">The headings above the passage, outermost first, with <c> › </c> between them; empty where there are none.</param>
/// <param name="Text">Plain text, some hundred characters.</param>
/// <param name="Match">The share of the question's words found in it, its title and its headings; more than 0, at most 1.</param>
/// <param name="Rank">How prominently and how close together they stand; comparable only among passages of one answer.</param>
public sealed record KnowledgePassage(Guid Document, string Collection, string Title, string Language, string Headings, string Text, double Match, double Rank)
{
    /// <inheritdoc/>
    public override string ToString() => $"Passage of {Document}";
}
