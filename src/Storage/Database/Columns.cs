using Npgsql;
using NpgsqlTypes;

namespace Channels.Storage.Database;

/// <summary>Makes array parameters for <c>unnest</c>: one array per column, one element per item.</summary>
internal static class Columns
{
    public static NpgsqlParameter Uuids<TItem>(IReadOnlyList<TItem> items, Func<TItem, Guid> value) => Of(items, value, NpgsqlDbType.Uuid);

    public static NpgsqlParameter Texts<TItem>(IReadOnlyList<TItem> items, Func<TItem, string?> value) => Of(items, value, NpgsqlDbType.Text);

    public static NpgsqlParameter Booleans<TItem>(IReadOnlyList<TItem> items, Func<TItem, bool> value) => Of(items, value, NpgsqlDbType.Boolean);

    public static NpgsqlParameter Times<TItem>(IReadOnlyList<TItem> items, Func<TItem, DateTimeOffset> value) => Of(items, value, NpgsqlDbType.TimestampTz);

    public static NpgsqlParameter Of<TItem, TValue>(IReadOnlyList<TItem> items, Func<TItem, TValue> value, NpgsqlDbType type)
    {
        var column = new TValue[items.Count];
        for (var i = 0; i < column.Length; i++)
        {
            column[i] = value(items[i]);
        }

        return new NpgsqlParameter<TValue[]> { TypedValue = column, NpgsqlDbType = NpgsqlDbType.Array | type };
    }
}
