namespace Orleans.Hosting;

/// <summary>How grains live in this process.</summary>
public sealed class InProcessGrainOptions
{
    /// <summary>Where grain classes are looked for.</summary>
    public IList<Assembly> Assemblies { get; } = [];

    /// <summary>The name under which state and reminders are stored; the same as the cluster build's, so that it finds them.</summary>
    /// <value>Default: <c>default</c>, which is also Orleans' default.</value>
    public string ServiceId { get; set; } = "default";

    /// <summary>How long a caller waits for an answer.</summary>
    /// <value>Default: 30 seconds.</value>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a grain may sit idle before it is collected.</summary>
    /// <value>Default: 15 minutes.</value>
    public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How often idle grains are looked for.</summary>
    /// <value>Default: one minute.</value>
    public TimeSpan CollectionQuantum { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a grain may take to become active.</summary>
    /// <value>Default: 30 seconds.</value>
    public TimeSpan ActivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a grain may take to say good-bye.</summary>
    /// <value>Default: 30 seconds.</value>
    public TimeSpan DeactivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The shortest period a reminder may have.</summary>
    /// <value>Default: one minute: reminders cost a database row and are for what must outlive the process.</value>
    public TimeSpan MinimumReminderPeriod { get; set; } = TimeSpan.FromMinutes(1);
}
