using System.Collections.Concurrent;
using System.Threading.Channels;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Inbox;
using Channels.Testing;

namespace Channels.Storage.Tests.Inbox;

public sealed class PacedHintsTests : IInboxHint, IInboxPressure
{
    private static readonly TenantId Heavy = Webhooks.Tenant(1);
    private static readonly TenantId Light = Webhooks.Tenant(2);
    private static readonly AccountId A = Webhooks.Account(1);
    private static readonly AccountId B = Webhooks.Account(2);
    private static readonly AccountId C = Webhooks.Account(3);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly ManualClock _clock = new();
    private readonly Channel<AccountId> _heard = Channel.CreateUnbounded<AccountId>();
    private readonly ConcurrentDictionary<TenantId, bool> _pressing = new() { [Heavy] = true };
    private readonly PacedHints _hints;

    public PacedHintsTests() => _hints = new PacedHints(this, this, _clock);

    [Fact]
    public void A_light_tenants_hint_passes_at_once_and_once_per_account()
    {
        Arrived((Light, A), (Light, B), (Light, A));

        Assert.Equal([A, B], HeardSoFar());
        Assert.Equal(0, _clock.TimersSet);
    }

    [Fact]
    public async Task A_heavy_tenants_hint_comes_once_per_account_after_the_pause()
    {
        Arrived((Heavy, A), (Heavy, A), (Heavy, B));
        Arrived((Heavy, A));
        Arrived((Heavy, B), (Heavy, A));
        _clock.Advance(Pause - TimeSpan.FromTicks(1));
        Assert.Empty(HeardSoFar());

        _clock.Advance(TimeSpan.FromTicks(1));

        Assert.Equal([A, B], (await HearAsync(2)).OrderBy(account => account.Value));
        Assert.Equal(0, _clock.TimersSet);
        Assert.Empty(HeardSoFar());
    }

    [Fact]
    public async Task In_one_transaction_the_light_pass_and_the_heavy_wait()
    {
        Arrived((Heavy, A), (Light, C), (Heavy, B));

        Assert.Equal([C], HeardSoFar());
        _clock.Advance(Pause);
        Assert.Equal([A, B], (await HearAsync(2)).OrderBy(account => account.Value));
    }

    [Fact]
    public async Task What_comes_after_a_pause_begins_the_next()
    {
        Arrived((Heavy, A));
        _clock.Advance(Pause);
        Assert.Equal([A], await HearAsync(1));

        Arrived((Heavy, A), (Heavy, B));
        Assert.Empty(HeardSoFar());
        _clock.Advance(Pause);

        Assert.Equal([A, B], (await HearAsync(2)).OrderBy(account => account.Value));
    }

    [Fact]
    public async Task The_pause_begins_with_the_first_and_is_not_drawn_out_by_those_who_follow()
    {
        Arrived((Heavy, A));
        _clock.Advance(Pause / 2);
        Arrived((Heavy, B));

        _clock.Advance(Pause / 2);

        Assert.Equal([A, B], (await HearAsync(2)).OrderBy(account => account.Value));
    }

    [Fact]
    public async Task What_was_postponed_is_passed_on_though_pressure_has_ended()
    {
        Arrived((Heavy, A));
        _pressing.Clear();
        Arrived((Heavy, B));
        Assert.Equal([B], HeardSoFar());

        _clock.Advance(Pause);

        Assert.Equal([A], await HearAsync(1));
    }

    [Fact]
    public async Task Many_transactions_at_once_forget_no_account()
    {
        const int Writers = 4;
        const int Accounts = 25;
        var passing = new LastWord();
        var hints = new PacedHints(passing, this, TimeProvider.System);

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            for (var turn = 0; turn < 400; turn++)
            {
                var account = Webhooks.Account((writer * Accounts) + (turn % Accounts));
                passing.Arrives(account);
                hints.Arrived([Webhooks.Of(turn % 7 == 0 ? Light : Heavy, account)]);
                if (turn % 20 == 0)
                {
                    await Task.Delay(5);
                }
            }
        })));

        await Eventually.TrueAsync("a hint for each account after its last webhook", () => passing.Unheard.Count == 0, seen: () => $"{passing.Unheard.Count} accounts without one");
    }

    void IInboxHint.Arrived(AccountId account) => _heard.Writer.TryWrite(account);

    void IInboxHint.PutBack(AccountId account) => throw new NotSupportedException();

    bool IInboxPressure.OthersAreAbout => false;

    bool IInboxPressure.MustRest => false;

    int IInboxPressure.Room => int.MaxValue;

    bool IInboxPressure.IsRationed(TenantId tenant) => false;

    bool IInboxPressure.IsMadeBy(TenantId tenant) => _pressing.ContainsKey(tenant);

    private void Arrived(params (TenantId Tenant, AccountId Account)[] webhooks) =>
        _hints.Arrived([.. webhooks.Select(webhook => Webhooks.Of(webhook.Tenant, webhook.Account))]);

    private List<AccountId> HeardSoFar()
    {
        var heard = new List<AccountId>();
        while (_heard.Reader.TryRead(out var account))
        {
            heard.Add(account);
        }

        return heard;
    }

    private async Task<List<AccountId>> HearAsync(int count)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var heard = new List<AccountId>();
        try
        {
            while (heard.Count < count)
            {
                heard.Add(await _heard.Reader.ReadAsync(deadline.Token));
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Waited for {count} hints. Heard: {string.Join(", ", heard)}");
        }

        return heard;
    }

    /// <summary>Knows for which accounts a webhook came later than the last hint.</summary>
    private sealed class LastWord : IInboxHint
    {
        private readonly Lock _gate = new();
        private readonly HashSet<AccountId> _unheard = [];

        public IReadOnlyList<AccountId> Unheard
        {
            get
            {
                lock (_gate)
                {
                    return [.. _unheard];
                }
            }
        }

        public void PutBack(AccountId account) => throw new NotSupportedException();

        public void Arrives(AccountId account)
        {
            lock (_gate)
            {
                _unheard.Add(account);
            }
        }

        public void Arrived(AccountId account)
        {
            lock (_gate)
            {
                _unheard.Remove(account);
            }
        }
    }
}
