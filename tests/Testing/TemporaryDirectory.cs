namespace Channels.Testing;

/// <summary>A new directory that other users may pass through (as root, the server runs as another one), removed when disposed.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    private const UnixFileMode Passable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private TemporaryDirectory(string path) => Path = path;

    public string Path { get; }

    public static TemporaryDirectory Create()
    {
        var directory = Directory.CreateTempSubdirectory("channels-test-").FullName;
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(directory, Passable);
        }

        return new(directory);
    }

    public string Combine(params string[] names) => System.IO.Path.Combine([Path, .. names]);

    public void Dispose()
    {
        for (var attempts = 3; attempts > 0 && Directory.Exists(Path); attempts--)
        {
            try
            {
                Directory.Delete(Path, recursive: true);
            }
            catch (IOException)
            {
                // A server on its way out still writes into it.
            }
        }
    }
}
