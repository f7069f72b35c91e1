namespace Channels.Storage.Embedded;

/// <summary>One installed version of Postgres.</summary>
/// <param name="Directory">Where <c>postgres</c> and <c>initdb</c> are.</param>
/// <param name="Major">Its major version, which decides the clusters it can serve.</param>
internal sealed record PostgresBinaries(string Directory, int Major)
{
    public string Server => Path.Combine(Directory, "postgres");

    public string Initialiser => Path.Combine(Directory, "initdb");
}
