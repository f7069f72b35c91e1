namespace Channels.FakeProviders.Waha;

/// <summary>What the fake server is like.</summary>
public sealed record FakeWahaOptions
{
    /// <summary>Its key; null where a proxy asks for a user instead.</summary>
    public string? ApiKey { get; init; } = "fake-waha-key";

    /// <summary>The user that the proxy in front of it asks for; null for no proxy.</summary>
    public string? UserName { get; init; }

    /// <summary>That user's password.</summary>
    public string? Password { get; init; }

    /// <summary>The version it says it is. From 2026.4.3 on it takes message ids of its callers.</summary>
    public string Version { get; init; } = "2026.7.1";

    /// <summary><c>NOWEB, GOWS</c> or <c>WEBJS</c>: each answers sends with another object.</summary>
    public string Engine { get; init; } = "NOWEB";

    /// <summary>A free build before 2026.6: only the session <c>default</c>, no signatures.</summary>
    public bool IsOldFreeBuild { get; init; }

    /// <summary>Whether the code is given as a text too.</summary>
    public bool GivesRawCodes { get; init; } = true;

    /// <summary>Whether chats show what was said.</summary>
    public bool StoresMessages { get; init; } = true;

    /// <summary>Event names that a webhook may not ask for.</summary>
    public IReadOnlySet<string> UnknownEvents { get; init; } = new HashSet<string>();

    /// <summary>The clock of its timestamps.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
