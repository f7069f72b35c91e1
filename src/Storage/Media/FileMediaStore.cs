using System.Security.Cryptography;
using Channels.Core;
using Channels.Core.Ids;
using Channels.Core.Media;

namespace Channels.Storage.Media;

/// <summary>Files under the data directory, by tenant and checksum. Several processes may share the directory.</summary>
internal sealed class FileMediaStore(string directory, IdSource ids) : IMediaStore
{
    private const string Prefix = "sha256-";

    /// <inheritdoc/>
    public async Task<string> SaveAsync(TenantId tenant, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var reference = Prefix + Convert.ToHexStringLower(SHA256.HashData(content.Span));
        var path = PathOf(tenant, reference)!;
        if (File.Exists(path))
        {
            return reference;
        }

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var unfinished = $"{path}.{ids.Next():N}";
            await using (var file = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.Asynchronous))
            {
                await file.WriteAsync(content, cancellationToken);
                file.Flush(flushToDisk: true);
            }

            // Complete or not there at all: a reader never sees half a file.
            File.Move(unfinished, path, overwrite: true);
            return reference;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException("The media directory cannot be written.", failure);
        }
    }

    /// <inheritdoc/>
    public Task<Stream?> OpenAsync(TenantId tenant, string reference, CancellationToken cancellationToken)
    {
        var path = PathOf(tenant, reference);
        return Task.FromResult<Stream?>(
            path is not null && File.Exists(path) ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 65_536, FileOptions.Asynchronous) : null);
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
