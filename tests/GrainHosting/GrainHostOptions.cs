using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Channels.GrainHosting;

/// <summary>What a test wants of its <see cref="GrainHost"/>. The spans left alone have Orleans' defaults.</summary>
public sealed class GrainHostOptions
{
    /// <summary>Where the grain classes are. Orleans finds all that are loaded; the in-process runtime only these.</summary>
    public IList<Assembly> Assemblies { get; } = [];

    /// <summary>Services for the grains: doubles, clocks, filters, a storage serialiser.</summary>
    public Action<IServiceCollection>? Services { get; set; }

    /// <summary>Where state and reminders are kept, in Orleans' tables, which must exist; null keeps them in memory.</summary>
    public NpgsqlDataSource? Database { get; set; }

    /// <summary>Under which name they are kept there: a host that takes over from another needs the same.</summary>
    public string ServiceId { get; set; } = "test";

    /// <summary>How long callers wait.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a grain may be idle.</summary>
    public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How often idle grains are looked for. Orleans wants less than <see cref="CollectionAge"/>.</summary>
    public TimeSpan CollectionQuantum { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The shortest period of reminders.</summary>
    public TimeSpan MinimumReminderPeriod { get; set; } = TimeSpan.FromMinutes(1);
}
