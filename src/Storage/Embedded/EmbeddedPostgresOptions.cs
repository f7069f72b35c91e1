using System.ComponentModel.DataAnnotations;

namespace Channels.Storage.Embedded;

/// <summary>Where the private Postgres lives and how patient we are with it.</summary>
public sealed class EmbeddedPostgresOptions
{
    /// <summary>The folder that is ours alone: it holds <c>pg/</c> (the database), <c>pg.log</c> and <c>host.lock</c>. Made when missing.</summary>
    /// <value>Default: <c>./data</c>, so that a clone and its data are deleted together.</value>
    [Required]
    public string DataDirectory { get; set; } = "data";

    /// <summary>The folder of <c>postgres</c> and <c>initdb</c>, when it is neither in PATH nor where packages put it.</summary>
    public string? BinariesDirectory { get; set; }

    /// <summary>How long a server outlives a host that vanished, before the supervisor stops it.</summary>
    /// <value>Default: 60 seconds, so that a crashed host that is restarted finds its server warm.</value>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan GraceAfterHost { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a start may take. Recovery after a power cut has all the time it needs: ended before its end, it would begin at the same place again.</summary>
    /// <value>Default: 5 minutes, for a machine that is busy with everything else; a server that does not recover is there within seconds.</value>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a stop may take before open work is abandoned (nothing is lost by that: the next start recovers).</summary>
    /// <value>Default: 30 seconds, what a final checkpoint takes on a slow disk.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Waits for no disk: a crash of the server loses nothing, one of the machine may lose all. Only for databases of tests.</summary>
    internal bool ThrowAway { get; set; }
}
