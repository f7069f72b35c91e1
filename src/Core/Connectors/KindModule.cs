using System.Collections.Immutable;

namespace Channels.Core.Connectors;

/// <summary>An assembly named in the settings as holding further channel kinds, and what became of it.</summary>
/// <param name="File">Its file's name; where it lies is the operator's business.</param>
/// <param name="Version">The assembly's version; null when it could not be read.</param>
/// <param name="Kinds">Ids of the kinds it brought; empty for a faulty one: it brings all of its kinds or none.</param>
/// <param name="Fault">Why it brought none, and what to do; null when it did.</param>
public sealed record KindModule(string File, string? Version, ImmutableArray<string> Kinds, string? Fault);
