using Channels.Core.Channels;
using Channels.Core.Sessions;
using Channels.Grains.Abstractions;
using Microsoft.Extensions.Logging;
using SessionState = Channels.Core.Sessions.Session;

namespace Channels.Grains.Session;

/// <summary>A session in memory and in the store, and the account's status that follows from it.</summary>
/// <remarks>
/// Used on its grain's scheduler only. Memory is ahead of the store; whoever keeps something waits until the store has it, or something later.
/// The account's status goes first: a crash in between leaves a session that is due and finds the same again.
/// </remarks>
internal sealed class SessionKeeping(
    ISessionStore store, IChannelStatuses statuses, SessionLife life, IChannelDirectory directory, TimeProvider clock, ILogger logger, Func<Task> becameActive)
{
    private readonly OneAtATime _writing = new();
    private SessionState? _session;
    private AccountStatusChange? _told;
    private long _version;
    private long _kept;

    /// <summary>As it stands. Only after <see cref="LoadAsync"/>.</summary>
    public SessionState Of(ChannelEntry channel) => _session ?? life.First(channel.Status, clock.GetUtcNow());

    /// <summary>The account's status, as it follows from the session even before that is kept.</summary>
    public AccountStatus StatusOf(ChannelEntry channel) => SessionLife.IsOff(Of(channel))
        ? AccountStatus.Inactive
        : (life.StatusOf(Of(channel), channel.Tenant, clock.GetUtcNow()) ?? _told)?.Status ?? channel.Status;

    /// <summary>Reads it, once.</summary>
    public async Task LoadAsync(ChannelEntry channel, CancellationToken cancellationToken)
    {
        if (_session is null)
        {
            var kept = await store.LoadAsync(channel.Tenant, channel.Account, cancellationToken);
            _session ??= kept ?? life.First(channel.Status, clock.GetUtcNow());
        }
    }

    /// <summary>Replaces it, and returns once that is kept. Not cancellable: what a webhook said must not be half known.</summary>
    public async Task KeepAsync(ChannelEntry channel, SessionState session)
    {
        _session = session;
        var mine = ++_version;
        using var place = await _writing.EnterAsync(CancellationToken.None);
        if (_kept >= mine)
        {
            return;
        }

        var (version, latest) = (_version, _session);
        await TellAsync(channel, latest);
        await store.SaveAsync(channel.Tenant, channel.Account, latest, CancellationToken.None);
        _kept = version;
    }

    private async Task TellAsync(ChannelEntry channel, SessionState session)
    {
        if (SessionLife.IsOff(session))
        {
            _told = null;
            return;
        }

        if (life.StatusOf(session, channel.Tenant, clock.GetUtcNow()) is not { } change || change == _told)
        {
            return;
        }

        if (await statuses.SetAccountAsync(change.Tenant, channel.Account, change.Status, change.Code, change.Reason, change.NextStep, CancellationToken.None))
        {
            SessionLog.StatusChanged(logger, channel.Account, change.Status, change.Code);
        }

        _told = change;
        directory.Forget(channel.Account);
        if (change.Status == AccountStatus.Active)
        {
            await becameActive();
        }
    }
}
