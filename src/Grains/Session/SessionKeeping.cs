using Channels.Core.Channels;
using Channels.Core.Sessions;
using Channels.Grains.Abstractions;
using Microsoft.Extensions.Logging;
using SessionState = Channels.Core.Sessions.Session;

namespace Channels.Grains.Session;

/// <summary>A session in memory and in the store, and the account's status that follows from it.</summary>
/// <remarks>
/// Used on its grain's scheduler only. Memory is ahead of the store; whoever keeps something waits until the store has it, or something later.
/// The account's status goes first: a crash in between leaves a session that is due and finds the same again. Only one that is switched off goes before
/// its status: a crash must not leave it due.
/// </remarks>
internal sealed class SessionKeeping(
    ISessionStore store, IChannelStatuses statuses, SessionLife life, IChannelDirectory directory, TimeProvider clock, ILogger logger, Func<Task> becameActive)
{
    private readonly OneAtATime _writing = new();
    private SessionState? _session;
    private AccountStatusChange? _told;
    private readonly WeakReference<ChannelEntry?> _toldBeside = new(null);
    private long _version;
    private long _kept;

    /// <summary>Whether memory knows something that the store does not, or not for certain.</summary>
    public bool IsBehind => _kept < _version;

    /// <summary>As it stands. Only after <see cref="LoadAsync"/>.</summary>
    public SessionState Of(ChannelEntry channel) => _session ?? life.First(channel.Status, clock.GetUtcNow());

    /// <summary>The account's status, as it follows from the session even before that is kept.</summary>
    public AccountStatus StatusOf(ChannelEntry channel) => (life.StatusOf(Of(channel), channel.Tenant, clock.GetUtcNow()) ?? _told)?.Status ?? channel.Status;

    /// <summary>Reads it, once. One that none was kept of and that must be looked after is kept.</summary>
    public async Task LoadAsync(ChannelEntry channel, CancellationToken cancellationToken)
    {
        if (_session is not null)
        {
            return;
        }

        var kept = await store.LoadAsync(channel.Tenant, channel.Account, cancellationToken);
        if (_session is null)
        {
            _session = kept ?? life.First(channel.Status, clock.GetUtcNow());
            if (kept is null && _session.DueAt is not null)
            {
                _version++;
                await KeepAsync(channel, _session);
            }
        }
    }

    /// <summary>Replaces it, and returns once that is kept. Not cancellable: what a webhook said must not be half known.</summary>
    public async Task KeepAsync(ChannelEntry channel, SessionState session)
    {
        // A gateway that cannot reconnect says "connecting" twenty times a second.
        var unchanged = session == _session && _kept == _version;
        _session = session;
        if (unchanged && life.StatusOf(session, channel.Tenant, clock.GetUtcNow()) is var follows && (follows is null || IsTold(channel, follows)))
        {
            return;
        }

        var mine = ++_version;
        using var place = await _writing.EnterAsync(CancellationToken.None);
        if (_kept >= mine)
        {
            return;
        }

        var (version, latest) = (_version, _session);
        if (SessionLife.IsOff(latest))
        {
            await store.SaveAsync(channel.Tenant, channel.Account, latest, CancellationToken.None);
            await TellAsync(channel, latest);
        }
        else
        {
            await TellAsync(channel, latest);
            await store.SaveAsync(channel.Tenant, channel.Account, latest, CancellationToken.None);
        }

        _kept = version;
    }

    private async Task TellAsync(ChannelEntry channel, SessionState session)
    {
        if (life.StatusOf(session, channel.Tenant, clock.GetUtcNow()) is not { } change || IsTold(channel, change))
        {
            return;
        }

        // Until an answer is here nobody knows what the table says.
        _told = null;
        try
        {
            if (await statuses.SetAccountAsync(change.Tenant, channel.Account, change.Status, change.Code, change.Reason, change.NextStep, CancellationToken.None))
            {
                SessionLog.StatusChanged(logger, channel.Account, change.Status, change.Code);
            }
        }
        finally
        {
            directory.Forget(channel.Account);
        }

        _told = change;
        _toldBeside.SetTarget(channel);
        if (change.Status == AccountStatus.Active)
        {
            await becameActive();
        }
    }

    // Somebody else may have written the row since. The entry beside which it was told is from before that, and says nothing.
    private bool IsTold(ChannelEntry channel, AccountStatusChange change) => change == _told && ((_toldBeside.TryGetTarget(out var beside) && ReferenceEquals(channel, beside)) || channel.Status == change.Status);
}
