using System.Collections.Immutable;

namespace Channels.Storage.Knowledge;

/// <summary>A document to be kept, read and found good.</summary>
/// <param name="Collection">A name of the tenant's choosing that agents look in.</param>
/// <param name="Title">Unique in its collection.</param>
/// <param name="Language">A BCP 47 tag, its first part in lower case.</param>
/// <param name="Format">How it is written.</param>
/// <param name="Content">As it was sent.</param>
/// <param name="Passages">What was read in it.</param>
public sealed record KnowledgeDraft(string Collection, string Title, string Language, DocumentFormat Format, string Content, ImmutableArray<Passage> Passages)
{
    /// <inheritdoc/>
    public override string ToString() => "document";
}

/// <summary>A kept document as its tenant reads it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Collection">A name of the tenant's choosing.</param>
/// <param name="Title">Unique in its collection.</param>
/// <param name="Language">A BCP 47 tag.</param>
/// <param name="Configuration">How its words are read: a language's name, or <c>simple</c>.</param>
/// <param name="Format">How it is written.</param>
/// <param name="Passages">How many passages it has.</param>
/// <param name="ContentHash">SHA-256 of the content in UTF-8.</param>
/// <param name="CreatedAt">When it came.</param>
/// <param name="UpdatedAt">When it changed last.</param>
/// <param name="Content">As it was sent; null in lists.</param>
public sealed record KnowledgeDocument(
    Guid Id, string Collection, string Title, string Language, string Configuration, DocumentFormat Format, int Passages, byte[] ContentHash,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, string? Content)
{
    /// <inheritdoc/>
    public override string ToString() => $"Document {Id}";
}

/// <summary>What came of writing a document. The family is closed.</summary>
public abstract record KnowledgeWrite
{
    private KnowledgeWrite()
    {
    }

    /// <summary>It is kept, and found from now on.</summary>
    public sealed record Written(KnowledgeDocument Document) : KnowledgeWrite;

    /// <summary>Another document of the collection has this title.</summary>
    public sealed record TitleTaken : KnowledgeWrite;

    /// <summary>The tenant has no such document.</summary>
    public sealed record Unknown : KnowledgeWrite;
}
