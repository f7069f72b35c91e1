namespace Channels.Storage.Embedded;

/// <summary>What to type on this system to get a Postgres server.</summary>
internal static class InstallCommand
{
    private const string Release = "/etc/os-release";

    public static string ForThisSystem(int? major = null) =>
        For(File.Exists(Release) ? File.ReadAllText(Release) : "", major);

    internal static string For(string release, int? major)
    {
        var version = major is null ? "" : $"-{major}";
        return Families(release) switch
        {
            var names when names.Contains("alpine") => $"apk add postgresql{major}",
            var names when names.Contains("fedora") || names.Contains("rhel") => "dnf install -y postgresql-server",
            var names when names.Contains("arch") => "pacman -S postgresql",
            var names when names.Contains("suse") => $"zypper install -y postgresql{major}-server",
            _ => $"apt-get install -y postgresql{version}",
        } is var command && Environment.IsPrivilegedProcess ? command : $"sudo {command}";
    }

    private static string[] Families(string release) =>
        [.. from line in release.Split('\n')
            where line.StartsWith("ID=", StringComparison.Ordinal) || line.StartsWith("ID_LIKE=", StringComparison.Ordinal)
            from name in line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..].Trim('"').Split(' ')
            select name];
}
