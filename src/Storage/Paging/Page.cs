using System.Collections.Immutable;

namespace Channels.Storage.Paging;

/// <summary>Which part of a list people want to see.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Limit">Rows per page.</param>
public readonly record struct Page(int Number, int Limit)
{
    internal long Offset => (long)(Number - 1) * Limit;
}

/// <summary>One page of a list, and how long the whole list is.</summary>
public sealed record Paged<T>(ImmutableArray<T> Items, long Total);
