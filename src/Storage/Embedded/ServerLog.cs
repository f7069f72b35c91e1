namespace Channels.Storage.Embedded;

/// <summary><c>data/pg.log</c>: what the server says of itself. Kept to two files of ten megabytes.</summary>
internal sealed class ServerLog(string dataDirectory)
{
    private const int TailBytes = 4096;

    public const long LargestFile = 10 << 20;

    public string Path { get; } = System.IO.Path.Combine(dataDirectory, "pg.log");

    /// <summary>Moves a full log aside.</summary>
    /// <remarks>Copied and emptied rather than renamed: the server keeps the file open, and appends.</remarks>
    public void Trim(long largest = LargestFile)
    {
        try
        {
            if (new FileInfo(Path) is { Exists: true } file && file.Length > largest)
            {
                File.Copy(Path, Path + ".1", overwrite: true);
                using var emptied = new FileStream(Path, FileMode.Truncate, FileAccess.Write, FileShare.ReadWrite);
            }
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            // A full disk is reported by whoever has something to lose on it.
        }
    }

    /// <summary>Where the next line will be written. Pass it to <see cref="Since"/> to see only what came after.</summary>
    public long Position() => new FileInfo(Path) is { Exists: true } file ? file.Length : 0;

    /// <summary>The end of what was said since <paramref name="position"/>.</summary>
    public string Since(long position)
    {
        try
        {
            using var file = new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            file.Seek(Math.Max(position, file.Length - TailBytes), SeekOrigin.Begin);
            using var reader = new StreamReader(file);
            return reader.ReadToEnd();
        }
        catch (IOException)
        {
            return "";
        }
    }
}
