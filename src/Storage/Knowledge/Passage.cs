namespace Channels.Storage.Knowledge;

/// <summary>A piece of a document as it is searched and answered with.</summary>
/// <param name="Headings">The headings above it, outermost first, joined by <c> › </c>; empty for none.</param>
/// <param name="Text">Plain text, never empty.</param>
public readonly record struct Passage(string Headings, string Text);
