using System.Security.Cryptography;
using Channels.Storage.Database;
using Channels.Storage.Tenants;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Channels.Storage.Secrets;

/// <summary>Reads, or makes, the installation's keys before anything is served: a wrong or a lost key stops the start instead of the first request.</summary>
/// <remarks>
/// Behind the migrations, before anything else asks for a key: no new master key is made beside data keys that another one wrapped.
/// A store that cannot be read says nothing of keys: a front end that has them opens its door without it.
/// </remarks>
public sealed class KeysAtStart(NpgsqlDataSource db, IOptions<KeyOptions> options, IServiceProvider services)
{
    // Of all tenants, as their tables' owner.
    private const string NewestFirst = """
        select tenant_id, id, wrapped from data_key order by created_at desc, tenant_id desc, id desc
        """;

    /// <summary>Returns when both are there, and the master key is one that data keys were wrapped with.</summary>
    /// <exception cref="KeyException">They are not: says where they were looked for and what to do.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        if (!await OpensAnyAsync(cancellationToken))
        {
            var source = MasterKey.SourceOf(options.Value);
            throw new KeyException($"{source} is not the master key that the keys in the database were sealed with. {Remedy(source)}");
        }

        services.GetRequiredService<MasterKey>();
        services.GetRequiredService<OperatorKey>();
    }

    private static string Remedy(string source) =>
        (source == MasterKey.Setting
            ? "Set Channels__MasterKey to the one that belongs to this database, or unset it where that one lies in master.key; "
            : "Put back the one that belongs to this database, from a copy of its data directory, or name it with Channels__MasterKey; ")
        + "without it the channels' credentials cannot be opened.";

    // One is enough: where a former key is lost, or another one was used for a while, tenants of both are there, and whichever is put back serves its own.
    private async Task<bool> OpensAnyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var command = db.CreateCommand(NewestFirst);
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            if (!await rows.ReadAsync(cancellationToken))
            {
                return true;
            }

            if (MasterKey.IsMissing(options.Value))
            {
                var source = MasterKey.SourceOf(options.Value);
                throw new KeyException($"{source} is missing, and the database holds keys that were sealed with it. {Remedy(source)}");
            }

            var master = services.GetRequiredService<MasterKey>();
            var opens = false;
            do
            {
                opens = Opens(master, rows.GetFieldValue<byte[]>(2), DataKeys.Binding(new(rows.GetGuid(0)), rows.GetInt32(1)));
            }
            while (!opens && await rows.ReadAsync(cancellationToken));
            return opens;
        }
        catch (Exception unread) when (StoreFaults.IsUnavailable(unread) || unread is PostgresException { SqlState: PostgresErrorCodes.UndefinedTable })
        {
            // A front end may also be there before the silo that makes the tables. No key is made, though, beside data keys that could not be looked for.
            if (unread is not PostgresException { SqlState: PostgresErrorCodes.UndefinedTable } && MasterKey.IsMissing(options.Value))
            {
                var source = MasterKey.SourceOf(options.Value);
                throw new KeyException($"{source} is missing, and the database does not say whether it holds keys that were sealed with it. Start again when it answers, or put the key back.", unread);
            }

            return true;
        }
    }

    private static bool Opens(MasterKey master, byte[] wrapped, byte[] binding)
    {
        try
        {
            CryptographicOperations.ZeroMemory(master.Unwrap(wrapped, binding));
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
