namespace Channels.Storage.Embedded;

/// <summary>The private Postgres cannot run. Says what is wrong and what the operator can do about it.</summary>
/// <remarks>The message holds both sentences, so that a host that only prints it has said enough.</remarks>
public sealed class EmbeddedPostgresException(string code, string problem, string remedy, Exception? inner = null)
    : Exception($"{problem} {remedy}", inner)
{
    /// <summary>One of <see cref="EmbeddedPostgresProblem"/>.</summary>
    public string Code { get; } = code;

    /// <summary>What the operator can do.</summary>
    public string Remedy { get; } = remedy;
}

/// <summary>The closed list of what can keep the private Postgres from running.</summary>
public static class EmbeddedPostgresProblem
{
    public const string NoBinaries = "postgres_not_installed";
    public const string WrongVersion = "postgres_version_mismatch";
    public const string UnsupportedSystem = "postgres_unsupported_system";
    public const string DataDirectoryInUse = "data_directory_in_use";
    public const string DataDirectoryUnusable = "data_directory_unusable";
    public const string DiskFull = "disk_full";
    public const string NoUnprivilegedUser = "no_unprivileged_user";
    public const string InitialisationFailed = "postgres_initialisation_failed";
    public const string StartFailed = "postgres_start_failed";
}
