using Channels.Core.Ids;
using Npgsql;
using NpgsqlTypes;

namespace Channels.Storage.Media;

/// <summary>Deletes files that came with messages which are past their keep.</summary>
/// <remarks>
/// A file is as old as its last use: <see cref="FileMediaStore"/> dates it whenever it is saved once more. The database is asked all the same before anything goes,
/// because files of earlier versions bear the date of their first use; and a file is put aside before its date is looked at for the last time,
/// so that a webhook which brings it again at that moment either has dated it or writes it anew.
/// </remarks>
public sealed class MediaTrimming(string directory, NpgsqlDataSource database)
{
    private const int Slice = 10_000;
    private const string Aside = ".aside";

    private const string Needed = """
        select distinct tenant_id, details->>'media_id' from transcript where details->>'media_id' = any($1)
        union
        select distinct tenant_id, details->>'media_id' from held_echo where details->>'media_id' = any($1)
        """;

    /// <summary>Deletes what was last used before a moment and is named by no message that is kept; answers how many files and bytes that were.</summary>
    /// <remarks>Reads the transcript once when there is anything to ask, so: once a day.</remarks>
    public async Task<(long Files, long Bytes)> TrimAsync(DateTimeOffset before, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (files, bytes) = (0L, 0L);
        foreach (var slice in Old(before).Chunk(Slice))
        {
            var needed = await NeededAsync(slice, cancellationToken);
            foreach (var file in slice)
            {
                if (needed.Contains((file.Tenant, file.Reference)))
                {
                    // Not asked about again before it is as old once more.
                    File.SetLastWriteTimeUtc(file.Path, now.UtcDateTime);
                }
                else if (Delete(file.Path, before) is { } length)
                {
                    files++;
                    bytes += length;
                }
            }
        }

        return (files, bytes);
    }

    private IEnumerable<(Guid Tenant, string Reference, string Path)> Old(DateTimeOffset before)
    {
        if (!Directory.Exists(directory))
        {
            yield break;
        }

        foreach (var folder in Directory.EnumerateDirectories(directory))
        {
            if (!Guid.TryParse(Path.GetFileName(folder), out var tenant))
            {
                continue;
            }

            // Unfinished ones of a process that died are old at some time as well, and are named by nobody.
            foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            {
                var isAside = path.EndsWith(Aside, StringComparison.Ordinal);
                if (File.GetLastWriteTimeUtc(path) < before.UtcDateTime)
                {
                    yield return (tenant, FileMediaStore.Prefix + Path.GetFileName(isAside ? path[..^Aside.Length] : path), path);
                }
                else if (isAside)
                {
                    // Whoever put it aside died before it could see that the file had been brought again.
                    File.Move(path, path[..^Aside.Length], overwrite: true);
                }
            }
        }
    }

    private async Task<HashSet<(Guid Tenant, string Reference)>> NeededAsync((Guid Tenant, string Reference, string Path)[] files, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Needed);
        command.CommandTimeout = 3600;
        command.Parameters.Add(new NpgsqlParameter { Value = files.Select(file => file.Reference).Distinct().ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var needed = new HashSet<(Guid, string)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            needed.Add((reader.GetGuid(0), reader.GetString(1)));
        }

        return needed;
    }

    /// <summary>Its length; null when it was brought again meanwhile.</summary>
    private static long? Delete(string path, DateTimeOffset before)
    {
        var aside = path.EndsWith(Aside, StringComparison.Ordinal) ? path : path + Aside;
        if (aside != path)
        {
            File.Move(path, aside, overwrite: true);
        }

        var file = new FileInfo(aside);
        if (file.LastWriteTimeUtc >= before.UtcDateTime)
        {
            // The same content, whoever wrote it.
            File.Move(aside, aside[..^Aside.Length], overwrite: true);
            return null;
        }

        var length = file.Length;
        file.Delete();
        return length;
    }
}
