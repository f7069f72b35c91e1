namespace Channels.FakeProviders.Evolution;

/// <summary>What the fake gateway is like.</summary>
public sealed record FakeEvolutionOptions
{
    /// <summary>Its global key.</summary>
    public string ApiKey { get; init; } = "fake-evolution-key";

    /// <summary>The major version it behaves as: 1 or 2.</summary>
    public int Major { get; init; } = 2;

    /// <summary>Event names that a webhook may not ask for: older versions know fewer.</summary>
    public IReadOnlySet<string> UnknownEvents { get; init; } = new HashSet<string>();

    /// <summary>The port on 127.0.0.1; zero for any free one.</summary>
    public int Port { get; init; }

    /// <summary>Version 2.4: a log-out while there is no connection is a success that does nothing.</summary>
    public bool ClosedIsLoggedOut { get; init; }

    /// <summary>Version 2.4 without its activation: every business call answers 503.</summary>
    public bool LicenceMissing { get; init; }

    /// <summary>Whether <c>findMessages</c> shows what was said.</summary>
    public bool StoresMessages { get; init; } = true;

    /// <summary>A send from or to an instance nobody made makes it, open: for benches with thousands of them.</summary>
    public bool MakesInstances { get; init; }

    /// <summary>Numbers that are not on WhatsApp.</summary>
    public IReadOnlySet<string> UnknownNumbers { get; init; } = new HashSet<string> { "0000" };

    /// <summary>The clock of its timestamps.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
