using System.Text.Json;
using Channels.Cli.Api;
using Channels.Cli.Output;

namespace Channels.Cli.Settings;

/// <summary>What <c>channels setup</c> keeps between commands: where the server is and with which key to ask it.</summary>
/// <param name="Url">The server.</param>
/// <param name="Key">The key for it, and for no other server.</param>
/// <param name="Tenant">For which tenant, with the operator key.</param>
internal sealed record ConfigFile(string? Url, string? Key, string? Tenant)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>Says nothing of the key: a record's own text would print it.</summary>
    public override string ToString() => $"settings for {Url}";

    /// <summary>Where it is: <c>$XDG_CONFIG_HOME/channels/config.json</c>, in general <c>~/.config/channels/config.json</c>.</summary>
    public static string PlaceIn(Surroundings here) =>
        Path.Combine(here.Variable("XDG_CONFIG_HOME") ?? Path.Combine(here.Home, ".config"), "channels", "config.json");

    /// <summary>Reads it. Nothing there is nothing kept; what cannot be read is said.</summary>
    public static (ConfigFile Kept, string? Complaint) Read(string file)
    {
        var none = new ConfigFile(null, null, null);
        try
        {
            var root = JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(file));
            return root.ValueKind == JsonValueKind.Object
                ? (new(root.Text("url"), root.Text("key"), root.Text("tenant")), null)
                : (none, $"{file} holds no JSON object. Mend or remove it, then run 'channels setup'.");
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return (none, null);
        }
        catch (Exception unreadable) when (unreadable is JsonException or IOException or UnauthorizedAccessException)
        {
            return (none, $"{file} cannot be read. Mend or remove it, then run 'channels setup'.");
        }
    }

    /// <summary>Whether somebody besides its owner can read or change it.</summary>
    public static bool IsOpenToOthers(string file) => !OperatingSystem.IsWindows() && File.Exists(file) && (File.GetUnixFileMode(file) & Others) != 0;

    /// <summary>Writes it for its owner alone, whole or not at all.</summary>
    /// <exception cref="IOException">It cannot be written there.</exception>
    /// <exception cref="UnauthorizedAccessException">As above.</exception>
    public void Write(string file)
    {
        var beside = Beside(file);
        using (var stream = Open(beside))
        {
            JsonSerializer.Serialize(stream, this, Report.Json);
        }

        File.Move(beside, file, overwrite: true);
    }

    /// <summary>Whether it could be written there, found out by writing an empty one beside it.</summary>
    public static bool CanBeWritten(string file)
    {
        try
        {
            var beside = Beside(file);
            Open(beside).Dispose();
            File.Delete(beside);
            return !Directory.Exists(file);
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string Beside(string file) => $"{file}.new";

    private static FileStream Open(string file)
    {
        var folder = Path.GetDirectoryName(file)!;
        var fresh = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);

            // From its first byte on: a mode set afterwards leaves a moment in which others can read the key.
            fresh.UnixCreateMode = OwnerOnly;
        }

        File.Delete(file);
        return new FileStream(file, fresh);
    }
}
