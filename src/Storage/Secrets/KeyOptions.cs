namespace Channels.Storage.Secrets;

/// <summary>The keys of the installation. Unset, they are made at the first start and kept under the data directory.</summary>
public sealed class KeyOptions
{
    /// <summary>Where it is configured.</summary>
    public const string Section = "Channels";

    /// <summary>Where the product keeps files of its own.</summary>
    /// <value>Default: <c>./data</c>, so that a clone needs no set-up.</value>
    public string DataDirectory { get; set; } = "./data";

    /// <summary>32 bytes as base64: wraps every tenant's data key. Whoever loses it loses the channels' credentials.</summary>
    /// <value>Default: unset, then <c>master.key</c> in the data directory, mode 0600.</value>
    public string? MasterKey { get; set; }

    /// <summary>Lets the operator make and stop tenants.</summary>
    /// <value>Default: unset, then <c>operator.key</c> in the data directory, mode 0600.</value>
    public string? OperatorKey { get; set; }
}
