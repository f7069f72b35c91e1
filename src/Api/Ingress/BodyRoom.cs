namespace Channels.Api.Ingress;

/// <summary>Room for the bodies of webhooks from their first byte to their answer: being read, being proven, waiting for their commit.</summary>
/// <remarks>
/// How many come at once and how large they are is for whoever posts to choose, proven or not; the process must not grow with it. Large ones may fill half of
/// the room, so that they never keep the usual small ones out. Who finds no room is told to come again.
/// </remarks>
/// <param name="most">Bytes.</param>
internal sealed class BodyRoom(long most)
{
    /// <summary>A larger body is a large one. A message without a file is smaller.</summary>
    private const int Small = 64 << 10;

    private long _taken;

    /// <summary>An eighth of what the process may use, 256 MB at the most.</summary>
    public static BodyRoom OfThisProcess() => new(Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8, 32L << 20, 256L << 20));

    /// <summary>Bytes in all.</summary>
    public long Most { get; } = most;

    /// <summary>Bytes taken now.</summary>
    public long Taken => Volatile.Read(ref _taken);

    /// <summary>Room for one body; it takes none yet.</summary>
    public Place Enter() => new(this);

    /// <summary>One body's room; given back when disposed.</summary>
    public sealed class Place(BodyRoom room) : IDisposable
    {
        private long _bytes;

        /// <summary>Takes as much more as the body has grown by; false when there is no room for that.</summary>
        public bool TryGrowTo(long bytes)
        {
            var more = bytes - _bytes;
            if (more > 0 && Interlocked.Add(ref room._taken, more) > (bytes > Small ? room.Most / 2 : room.Most))
            {
                Interlocked.Add(ref room._taken, -more);
                return false;
            }

            _bytes = bytes;
            return true;
        }

        public void Dispose()
        {
            Interlocked.Add(ref room._taken, -_bytes);
            _bytes = 0;
        }
    }
}
