namespace Channels.Grains;

/// <summary>Lets one in at a time, in the order they came. For steps of a grain that awaits between its calls.</summary>
#pragma warning disable CA1001 // Without its wait handle, which nobody asks for, the semaphore holds nothing to dispose of.
internal sealed class OneAtATime
#pragma warning restore CA1001
{
    private readonly SemaphoreSlim _place = new(1, 1);

    /// <summary>Waits for the place, and gives it back when disposed.</summary>
    public async Task<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        await _place.WaitAsync(cancellationToken);
        return new Place(_place);
    }

    private sealed class Place(SemaphoreSlim place) : IDisposable
    {
        private SemaphoreSlim? _place = place;

        public void Dispose() => Interlocked.Exchange(ref _place, null)?.Release();
    }
}
