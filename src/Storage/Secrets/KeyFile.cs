namespace Channels.Storage.Secrets;

/// <summary>A key in a file of its own, readable by its owner alone.</summary>
internal static class KeyFile
{
    // Making a key is a write of some bytes: who cannot begin within this long is stopped by something else than another start.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The file's content without surrounding white space; made first where there is none.</summary>
    /// <exception cref="KeyException">The directory or the file lets us do neither.</exception>
    public static string ReadOrMake(string path, Func<string> make)
    {
        try
        {
            MakeWhereMissing(path, make);
            return File.ReadAllText(path).Trim();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new KeyException(
                $"{path} can be neither read nor made: {refused.Message} Make the directory readable and writable for the user Channels runs as, or name another one with Channels__DataDirectory.",
                refused);
        }
    }

    private static void MakeWhereMissing(string path, Func<string> make)
    {
        if (!File.Exists(path))
        {
            var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
            Directory.CreateDirectory(directory);
            using var alone = Alone(Path.Combine(directory, "keys.lock"));
            if (!File.Exists(path))
            {
                Make(path, make());
            }
        }
    }

    // Of two processes that start at once one makes the key. A move that must not overwrite would not do: on Unix it looks first and renames
    // then, and the later of two puts its key in the place of the one already in use.
    private static FileStream Alone(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        FileStream? alone = null;
        IOException? problem = null;
        return SpinWait.SpinUntil(Taken, LongestWait)
            ? alone!
            : throw new KeyException($"{path}: could not be taken within {LongestWait.TotalSeconds:0} s, and without it no key is made here: {problem!.Message}", problem);

        bool Taken()
        {
            try
            {
                alone = new(path, options);
                return true;
            }
            catch (IOException exception)
            {
                problem = exception;
                return false;
            }
        }
    }

    // Written aside and moved into place: after a crash there is a whole key or none.
    private static void Make(string path, string key)
    {
        var draft = $"{path}.{Path.GetRandomFileName()}";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using (var writer = new StreamWriter(draft, options))
        {
            writer.WriteLine(key);
            writer.Flush();
            ((FileStream)writer.BaseStream).Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: false);
    }
}
