using System.Security.Cryptography;

namespace Channels.Core.Ids;

/// <summary>Makes UUIDv7 ids (RFC 9562) from the injected clock that never go backwards within one process.</summary>
/// <remarks>
/// 48 bits of Unix milliseconds, then a 26-bit counter that starts at a random value each millisecond, then 48 random bits.
/// Order matters: an account drains its inbox by id. Therefore a clock set back does not set the ids back; they go on from the
/// highest millisecond seen until the clock has caught up. <see cref="NotBefore"/> carries this over a restart.
/// </remarks>
public sealed class IdSource(TimeProvider clock)
{
    private const int CounterBits = 26;
    private readonly Lock _gate = new();
    private readonly byte[] _random = new byte[1024];
    private int _randomLeft;
    private long _millisecond;
    private uint _counter;

    /// <summary>A new id, greater than every id this source has made before.</summary>
    public Guid Next()
    {
        Span<byte> bytes = stackalloc byte[16];
        long millisecond;
        uint counter;
        lock (_gate)
        {
            TakeRandom(bytes[8..]);
            var start = (uint)(BitConverter.ToUInt16(bytes[8..10]) | ((bytes[10] & 0x7F) << 16));
            var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
            if (now > _millisecond)
            {
                _millisecond = now;
                _counter = start;
            }
            else if (++_counter >= 1u << CounterBits)
            {
                _millisecond++;
                _counter = start;
            }

            millisecond = _millisecond;
            counter = _counter;
        }

        for (var i = 0; i < 6; i++)
        {
            bytes[i] = (byte)(millisecond >> (40 - (8 * i)));
        }

        bytes[6] = (byte)(0x70 | (counter >> 22));
        bytes[7] = (byte)(counter >> 14);
        bytes[8] = (byte)(0x80 | ((counter >> 8) & 0x3F));
        bytes[9] = (byte)counter;
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>An id of a moment that may lie in the past: what happened then stands among what was recorded then. Not greater than others, and not in order within its millisecond.</summary>
    /// <param name="moment">Not after now: what the future holds would stand behind everything to come.</param>
    public Guid At(DateTimeOffset moment)
    {
        var now = clock.GetUtcNow();
        Span<byte> bytes = stackalloc byte[16];
        Next().TryWriteBytes(bytes, bigEndian: true, out _);
        var millisecond = Math.Max(0, (moment < now ? moment : now).ToUnixTimeMilliseconds());
        for (var i = 0; i < 6; i++)
        {
            bytes[i] = (byte)(millisecond >> (40 - (8 * i)));
        }

        return new Guid(bytes, bigEndian: true);
    }

    // Asking the system's generator costs more than the rest of an id; so it is asked for many at once.
    private void TakeRandom(Span<byte> target)
    {
        if (_randomLeft < target.Length)
        {
            RandomNumberGenerator.Fill(_random);
            _randomLeft = _random.Length;
        }

        var taken = _random.AsSpan(_randomLeft - target.Length, target.Length);
        taken.CopyTo(target);
        taken.Clear();
        _randomLeft -= target.Length;
    }

    /// <summary>Makes every later id greater than <paramref name="id"/>, the highest one found in storage at start.</summary>
    public void NotBefore(Guid id)
    {
        var millisecond = TimeOf(id).ToUnixTimeMilliseconds() + 1;
        lock (_gate)
        {
            if (millisecond > _millisecond)
            {
                _millisecond = millisecond;
                _counter = 0;
            }
        }
    }

    /// <summary>The millisecond an id was made in.</summary>
    public static DateTimeOffset TimeOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var milliseconds = 0L;
        for (var i = 0; i < 6; i++)
        {
            milliseconds = (milliseconds << 8) | bytes[i];
        }

        return DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
    }

    /// <summary>The smallest possible id of a moment: the edge of a partition, or of what is past its keep.</summary>
    /// <param name="moment">Before 1970 there are no ids, and none is smaller than the answer.</param>
    public static Guid Floor(DateTimeOffset moment)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        // Negative milliseconds would make an id behind all others: of a keep longer than since 1970, everything would be past it.
        var milliseconds = Math.Max(0, moment.ToUnixTimeMilliseconds());
        for (var i = 0; i < 6; i++)
        {
            bytes[i] = (byte)(milliseconds >> (40 - (8 * i)));
        }

        return new Guid(bytes, bigEndian: true);
    }
}
