using Npgsql;

namespace Channels.Storage.Tenancy;

/// <summary>Makes commands with positional parameters, so that SQL and its values stand in one line at the caller.</summary>
internal static class Sql
{
    /// <summary>A statement for a batch; <c>null</c> becomes SQL's null.</summary>
    public static NpgsqlBatchCommand Statement(string sql, params object?[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        Add(command.Parameters, values);
        return command;
    }

    /// <summary>Adds positional values to a command.</summary>
    public static void Add(NpgsqlParameterCollection parameters, params object?[] values)
    {
        foreach (var value in values)
        {
            parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        }
    }

    /// <summary>The column's text, or null.</summary>
    public static string? Text(this NpgsqlDataReader rows, int column) => rows.IsDBNull(column) ? null : rows.GetString(column);

    /// <summary>The column's moment, or null.</summary>
    public static DateTimeOffset? Moment(this NpgsqlDataReader rows, int column) =>
        rows.IsDBNull(column) ? null : rows.GetFieldValue<DateTimeOffset>(column);

    /// <summary>The column's id, or null.</summary>
    public static Guid? Id(this NpgsqlDataReader rows, int column) => rows.IsDBNull(column) ? null : rows.GetGuid(column);

    /// <summary>The column's bytes, or null.</summary>
    public static byte[]? Bytes(this NpgsqlDataReader rows, int column) => rows.IsDBNull(column) ? null : rows.GetFieldValue<byte[]>(column);
}
