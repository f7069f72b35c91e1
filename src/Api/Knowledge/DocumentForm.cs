using System.Collections.Immutable;
using Channels.Api.Errors;
using Channels.Api.Requests;
using Channels.Core.Knowledge;
using Channels.Storage.Knowledge;

namespace Channels.Api.Knowledge;

/// <summary>Makes a draft out of a document that a tenant sent, or says everything that is wrong with it at once. Pure.</summary>
internal static class DocumentForm
{
    // As a channel's own locale.
    private const string UsualLanguage = "en";
    private const string UsualFormat = "markdown";

    public static DocumentFormReading Read(SaveDocument given, CancellationToken patience)
    {
        var complaints = new List<FieldComplaint>();
        var collection = Name("collection", given.Collection, complaints);
        var title = Name("title", given.Title, complaints);
        var language = Language("language", given.Language ?? UsualLanguage, complaints);
        var format = Format(given.Format ?? UsualFormat, complaints);
        var passages = Passages(format, given.Content, complaints, patience);
        return complaints.Count > 0
            ? new DocumentFormReading.Refused([.. complaints])
            : new DocumentFormReading.Accepted(new(collection, title, language!, format, given.Content, passages));
    }

    /// <summary>A language tag with its first part in lower case; null and a complaint when it is none.</summary>
    public static string? Language(string field, string given, List<FieldComplaint> complaints)
    {
        var tag = given.Trim();
        if (Languages.IsTag(tag))
        {
            var primary = Languages.PrimaryOf(tag);
            return primary + tag[primary.Length..];
        }

        complaints.Add(new(field, "must be a language tag such as en, es or pt-BR."));
        return null;
    }

    private static string Name(string field, string given, List<FieldComplaint> complaints)
    {
        var name = given.Trim();
        if (Names.Complaint(field, name) is { } complaint)
        {
            complaints.Add(complaint);
        }

        return name;
    }

    private static DocumentFormat Format(string given, List<FieldComplaint> complaints)
    {
        if (given is not ("markdown" or "text"))
        {
            complaints.Add(new("format", "must be markdown or text."));
        }

        return given == "text" ? DocumentFormat.Text : DocumentFormat.Markdown;
    }

    private static ImmutableArray<Passage> Passages(DocumentFormat format, string content, List<FieldComplaint> complaints, CancellationToken patience)
    {
        switch (DocumentReading.Of(format, content, patience))
        {
            case DocumentReading.Read read:
                return read.Passages;
            case DocumentReading.Refused refused:
                complaints.Add(new("content", refused.Reason));
                break;
        }

        return [];
    }
}

/// <summary>What came of reading a document's form. The family is closed.</summary>
internal abstract record DocumentFormReading
{
    private DocumentFormReading()
    {
    }

    /// <summary>It may be kept.</summary>
    public sealed record Accepted(KnowledgeDraft Draft) : DocumentFormReading;

    /// <summary>Everything that is wrong with it.</summary>
    public sealed record Refused(ImmutableArray<FieldComplaint> Complaints) : DocumentFormReading;
}
