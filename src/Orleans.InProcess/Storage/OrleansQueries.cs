using System.Collections.Frozen;
using Npgsql;
using NpgsqlTypes;

namespace Orleans.Storage;

/// <summary>The statements of the table <c>OrleansQuery</c>: both builds run the same texts, so they agree on every row.</summary>
/// <remarks>Read once, when the host starts; a text that changes needs a restart, as on Orleans.</remarks>
internal sealed class OrleansQueries(NpgsqlDataSource db)
{
    private static readonly string[] Needed =
    [
        "ReadFromStorageKey", "WriteToStorageKey", "ClearStorageKey",
        "ReadReminderRowsKey", "ReadReminderRowKey", "ReadRangeRows1Key", "ReadRangeRows2Key", "UpsertReminderRowKey", "DeleteReminderRowKey",
    ];

    private FrozenDictionary<string, string>? _texts;

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var texts = new Dictionary<string, string>();
        await using var command = db.CreateCommand("select querykey, querytext from orleansquery");
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            texts[rows.GetString(0)] = rows.GetString(1);
        }

        var missing = Needed.Except(texts.Keys).ToList();
        _texts = missing.Count == 0
            ? texts.ToFrozenDictionary()
            : throw new ArgumentException($"The table OrleansQuery lacks {string.Join(", ", missing)}.");
    }

    /// <summary>Runs a statement and reads every row it returns.</summary>
    public async Task<List<T>> RunAsync<T>(
        string key, Func<NpgsqlDataReader, T> row, (string Name, NpgsqlDbType Type, object? Value)[] parameters, CancellationToken cancellationToken)
    {
        var texts = _texts ?? throw new InvalidOperationException("The host has not started: its statements are not loaded.");
        await using var command = db.CreateCommand(texts[key]);
        foreach (var (name, type, value) in parameters)
        {
            command.Parameters.Add(new(name, type) { Value = value ?? DBNull.Value });
        }

        var result = new List<T>();
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            result.Add(row(rows));
        }

        return result;
    }
}
