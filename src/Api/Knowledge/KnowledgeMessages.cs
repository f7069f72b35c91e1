using System.Text.Json.Serialization;
using Channels.Core.Knowledge;
using Channels.Storage.Knowledge;

namespace Channels.Api.Knowledge;

/// <summary>A document to be kept, whole: what is not given takes its default, in a replacement too.</summary>
internal sealed record SaveDocument
{
    /// <summary>A name of your choosing, 1 to 200 characters; agents may look in some collections only.</summary>
    public required string Collection { get; init; }

    /// <summary>Unique in its collection, 1 to 200 characters. Its words are searched with every passage.</summary>
    public required string Title { get; init; }

    /// <summary>The language it is written in, as a BCP 47 tag. Default: en.</summary>
    public string? Language { get; init; }

    /// <summary><c>markdown</c> or <c>text</c>. Default: markdown.</summary>
    public string? Format { get; init; }

    /// <summary>The text. With everything around it, a request may have 1 MB.</summary>
    public required string Content { get; init; }

    /// <inheritdoc/>
    public override string ToString() => "document";
}

/// <summary>A document. <c>content</c> is not in lists; <c>content_hash</c> is the SHA-256 of the content in UTF-8, in hexadecimal digits;
/// <c>read_as</c> is the language its words are reduced to stems in, or <c>simple</c>.</summary>
internal sealed record DocumentAnswer(
    Guid Id, string Collection, string Title, string Language, string ReadAs, string Format, int Passages, string ContentHash, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Content)
{
    public static DocumentAnswer Of(KnowledgeDocument document) => new(
        document.Id, document.Collection, document.Title, document.Language, document.Configuration, document.Format == DocumentFormat.Markdown ? "markdown" : "text",
        document.Passages, Convert.ToHexStringLower(document.ContentHash), document.CreatedAt, document.UpdatedAt, document.Content);
}

/// <summary>A page of documents, without their content.</summary>
internal sealed record DocumentList(IReadOnlyList<DocumentAnswer> Documents, long Total, int Page, int Limit);

/// <summary>A passage as an agent would say it. <c>match</c> is the share of the question's words that it holds, to be compared with an agent's
/// <c>min_match</c>; <c>rank</c> orders passages of the same match.</summary>
internal sealed record PassageAnswer(
    Guid DocumentId, string Collection, string Title, string Language, string Headings, string Text, double Match, double Rank)
{
    public static PassageAnswer Of(KnowledgePassage passage) => new(
        passage.Document, passage.Collection, passage.Title, passage.Language, passage.Headings, passage.Text, passage.Match, passage.Rank);
}

/// <summary>The passages that hold any of the question's words, best first.</summary>
internal sealed record PassageList(IReadOnlyList<PassageAnswer> Passages);
