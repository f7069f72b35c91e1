namespace Channels.Grains.Session;

/// <summary>Whom a session is for.</summary>
/// <param name="Identity">As the channel's owner wrote it.</param>
/// <param name="Is">Whether this is who the provider says was paired.</param>
internal sealed record SessionOwner(string Identity, Func<string, bool> Is);
