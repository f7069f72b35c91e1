using System.Collections.Immutable;
using Npgsql;

namespace Channels.Storage.Paging;

/// <summary>Reads a page's two results: its rows, then the count of all.</summary>
internal static class PagedReading
{
    public static async Task<Paged<T>> ReadPageAsync<T>(this NpgsqlDataReader rows, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        var items = await rows.ReadAllAsync(read, cancellationToken);
        await rows.NextResultAsync(cancellationToken);
        await rows.ReadAsync(cancellationToken);
        return new(items, rows.GetInt64(0));
    }

    public static async Task<ImmutableArray<T>> ReadAllAsync<T>(this NpgsqlDataReader rows, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        var items = ImmutableArray.CreateBuilder<T>();
        while (await rows.ReadAsync(cancellationToken))
        {
            items.Add(read(rows));
        }

        return items.DrainToImmutable();
    }

    /// <summary>A pattern for <c>like</c> and <c>ilike</c> that finds the text itself, wherever it stands; null finds everything.</summary>
    public static string? Containing(string? text) =>
        string.IsNullOrWhiteSpace(text)
            ? null
            : $"%{text.Trim().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
}
