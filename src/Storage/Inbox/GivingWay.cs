using Channels.Core;
using Channels.Core.Fairness;
using Channels.Core.Ids;
using Channels.Core.Inbox;

namespace Channels.Storage.Inbox;

/// <summary>Holds back the webhooks of tenants who make pressure while others are about: they are committed a few at a time, with rests between.</summary>
/// <remarks>
/// Who sends more than the machine takes waits for its 200s, and so sends more slowly; who sends little finds processors and the log free.
/// Alone, or among their like, nobody is held back: then a burst is taken in as fast as the machine can. Bounded: beyond it webhooks are refused, to be sent again.
/// </remarks>
internal sealed class GivingWay(IInboxPressure pressure, TimeProvider clock)
{
    /// <summary>Webhooks held back at the most.</summary>
    private const int Most = 12_288;

    /// <summary>For every processor so many webhooks are committed in one round: the fewer, the shorter the others' next one waits behind them.</summary>
    private const int PerProcessor = 16;

    /// <summary>Committing over committing and rest.</summary>
    private const double Share = 0.25;

    /// <summary>Small rounds with the long rests of large ones would be next to nothing.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);

    // Nobody waits for places but those in rounds: who need not wait any more goes in with all that its tenant has waiting.
    private readonly FairGate _gate = new(int.MaxValue, tenant => MustWait(pressure, tenant), Share, clock)
    {
        PlacesInRound = () => PerProcessor * Environment.ProcessorCount,
        Step = Step,
    };

    private readonly Lock _deadlineGate = new();
    private CancellationTokenSource? _deadline;
    private long _deadlineSet;
    private int _held;

    /// <summary>Webhooks held back now.</summary>
    public int Held => Volatile.Read(ref _held);

    /// <summary>Whether this tenant's next webhook goes through <see cref="CommitAsync"/>: also while earlier ones are held back still, which it must not overtake.</summary>
    public bool Concerns(TenantId tenant) => MustWait(pressure, tenant) || (Held > 0 && _gate.HasWaiting(tenant));

    /// <summary>Waits for its round, commits, and makes room.</summary>
    /// <exception cref="InboxFullException">As many as may be are held back.</exception>
    /// <exception cref="StoreUnavailableException">Its round did not come in time: those before it hang.</exception>
    public async Task CommitAsync(TenantId tenant, Func<Task> commit)
    {
        if (Interlocked.Increment(ref _held) > Most)
        {
            Interlocked.Decrement(ref _held);
            throw new InboxFullException();
        }

        FairGate.Place place;
        try
        {
            place = await _gate.EnterAsync(tenant, Deadline());
        }
        catch (OperationCanceledException late)
        {
            throw new StoreUnavailableException("The store did not answer in time.", late);
        }
        finally
        {
            Interlocked.Decrement(ref _held);
        }

        using (place)
        {
            await commit();
        }
    }

    // One for all who come within a second: never later than theirs would be.
    private CancellationToken Deadline()
    {
        lock (_deadlineGate)
        {
            if (_deadline is null || clock.GetElapsedTime(_deadlineSet) >= TimeSpan.FromSeconds(1))
            {
                (_deadline, _deadlineSet) = (new CancellationTokenSource(PostgresInbox.AnswerWithin, clock), clock.GetTimestamp());
            }

            return _deadline.Token;
        }
    }

    private static bool MustWait(IInboxPressure pressure, TenantId tenant) => pressure.IsMadeBy(tenant) && pressure.OthersAreAbout;
}
