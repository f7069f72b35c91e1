using System.Security.Cryptography;
using Channels.Core.Ids;
using Channels.Core.Media;
using Channels.Storage.Secrets;
using Microsoft.Extensions.Logging;

namespace Channels.Storage.Media;

/// <summary>Files under the data directory, by tenant and checksum. Several processes may share the directory.</summary>
internal sealed class FileMediaStore(string directory, IdSource ids, TimeProvider clock, ILogger<FileMediaStore> logger) : IMediaStore
{
    private readonly MediaCondition _condition = new(directory, ids, clock, logger);

    /// <summary>Of every reference; the checksum follows.</summary>
    internal const string Prefix = "sha256-";

    /// <summary>Where an installation keeps them.</summary>
    internal static string DirectoryOf(KeyOptions options) => Path.Combine(options.DataDirectory, "media");

    /// <inheritdoc/>
    public async Task<string> SaveAsync(TenantId tenant, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var reference = Prefix + Convert.ToHexStringLower(SHA256.HashData(content.Span));
        var path = PathOf(tenant, reference)!;
        try
        {
            if (!IsThere(path))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                await WriteAsync(path, content, cancellationToken);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new MediaUnavailableException(_condition.Failed(failure).What, failure);
        }

        _condition.Succeeded();
        return reference;
    }

    /// <inheritdoc/>
    public MediaTrouble? FindTrouble() => _condition.Look();

    // Complete or not there at all: a reader never sees half a file, and whoever gives up leaves none.
    private async Task WriteAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var unfinished = $"{path}.{ids.Next():N}";
        try
        {
            await using (var file = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.Asynchronous))
            {
                await file.WriteAsync(content, cancellationToken);
                file.Flush(flushToDisk: true);
            }

            File.SetLastWriteTimeUtc(unfinished, clock.GetUtcNow().UtcDateTime);
            File.Move(unfinished, path, overwrite: true);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<Stream?> OpenAsync(TenantId tenant, string reference, CancellationToken cancellationToken)
    {
        var path = PathOf(tenant, reference);
        return Task.FromResult<Stream?>(
            path is not null && File.Exists(path) ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 65_536, FileOptions.Asynchronous) : null);
    }

    // Used once more: it is as old as that, and MediaTrimming leaves it.
    private bool IsThere(string path)
    {
        try
        {
            File.SetLastWriteTimeUtc(path, clock.GetUtcNow().UtcDateTime);
            return File.Exists(path);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    // Anything but our own form of reference is no path: dots and slashes never reach the file system.
    private string? PathOf(TenantId tenant, string reference)
    {
        if (reference.Length != Prefix.Length + 64 || !reference.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var checksum = reference[Prefix.Length..];
        return checksum.All(char.IsAsciiHexDigitLower) ? Path.Combine(directory, tenant.ToString(), checksum[..2], checksum) : null;
    }
}
