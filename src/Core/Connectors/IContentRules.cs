namespace Channels.Core.Connectors;

/// <summary>Implemented by kinds whose provider takes less of a content than any message may hold: what is too much is said before it is queued.</summary>
public interface IContentRules : IConnector
{
    /// <summary>How a send of this would be refused, whoever it is for; null when nothing is known against it. Asks nobody.</summary>
    /// <param name="text">The text, or what is written below a file; may be empty.</param>
    /// <param name="content">What it is besides text; null for plain text.</param>
    SendOutcome.Refused? RefusalOf(string text, OutboundContent? content);
}
