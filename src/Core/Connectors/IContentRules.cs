namespace Channels.Core.Connectors;

/// <summary>Implemented by kinds whose provider takes less of a content than any message may hold: what is too much is said before it is queued.</summary>
public interface IContentRules : IConnector
{
    /// <summary>How a send of this would be refused, whoever it is for and whatever the account's settings; null when nothing is known against it. Asks nobody.</summary>
    /// <param name="text">The text, or what is written below a file; may be empty.</param>
    /// <param name="content">What it is besides text; null for plain text.</param>
    ContentRefusal? RefusalOf(string text, OutboundContent? content);
}

/// <summary>Why a content is not taken.</summary>
/// <param name="Member">The member of the API's request that is meant: <c>text</c>, <c>type</c>, <c>contacts</c>, <c>interactive</c>…</param>
/// <param name="Code">As <see cref="SendOutcome.Refused.Code"/>.</param>
/// <param name="Reason">In words of ours. Quotes nothing that people wrote: it stands in answers, which others log.</param>
public sealed record ContentRefusal(string Member, string Code, string Reason)
{
    /// <summary>The same as the end of a send.</summary>
    public SendOutcome.Refused ToOutcome() => new(Code, Reason);
}
