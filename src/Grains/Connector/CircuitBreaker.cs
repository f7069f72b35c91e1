namespace Channels.Grains.Connector;

/// <summary>Stops calls to a provider that fails again and again, and lets one through from time to time to see.</summary>
/// <remarks>Opens after five failures in a row, for five seconds, doubling to one minute while it keeps failing, with a quarter of jitter.</remarks>
internal sealed class CircuitBreaker(TimeProvider clock)
{
    private const int Tolerated = 5;
    private const double MostJitter = 0.25;
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private int _failures;
    private DateTimeOffset? _until;
    private DateTimeOffset _since = clock.GetUtcNow();
    private string? _code;

    /// <summary>Where it stands.</summary>
    public Abstractions.BreakerState State => new(
        _until is null ? "closed" : IsOpen(clock.GetUtcNow()) ? "open" : "half_open", _until, _since, _code);

    /// <summary>A call failed for a reason that says something about the connection.</summary>
    public void Failed(string code)
    {
        var now = clock.GetUtcNow();
        if (IsOpen(now))
        {
            // It was under way when the breaker opened, as were others: together they say no more than the one that opened it.
            return;
        }

        if (++_failures < Tolerated)
        {
            return;
        }

        if (_until is null)
        {
            _since = now;
        }

        _code = code;
        var pause = Math.Min(Longest.TotalSeconds, Shortest.TotalSeconds * Math.Pow(2, Math.Min(_failures - Tolerated, 8)));
        _until = now + TimeSpan.FromSeconds(pause * (1 + (Random.Shared.NextDouble() * MostJitter)));
    }

    /// <summary>A call succeeded.</summary>
    public void Succeeded()
    {
        _failures = 0;
        if (_until is not null)
        {
            _until = null;
            _code = null;
            _since = clock.GetUtcNow();
        }
    }

    // Further ahead than any pause is long: the clock has been set back since, and nobody waits until that time comes again.
    private bool IsOpen(DateTimeOffset now) => _until > now && _until - now <= Longest * (1 + MostJitter);
}
