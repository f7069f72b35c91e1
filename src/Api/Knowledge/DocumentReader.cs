namespace Channels.Api.Knowledge;

/// <summary>Reads documents one at a time: many at once, or some that are made to be slow, must not take the processors from the webhooks.</summary>
#pragma warning disable CA1001 // Without its wait handle, which nobody asks for, the semaphore holds nothing to dispose of.
internal sealed class DocumentReader(TimeProvider clock)
#pragma warning restore CA1001
{
    /// <summary>Ten times what an ordinary document of a megabyte takes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim _place = new(1, 1);

    /// <summary>Waits for its turn, then reads.</summary>
    public async Task<DocumentFormReading> ReadAsync(SaveDocument given, CancellationToken cancellationToken)
    {
        await _place.WaitAsync(cancellationToken);
        try
        {
            using var limit = new CancellationTokenSource(Patience, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            return DocumentForm.Read(given, either.Token);
        }
        finally
        {
            _place.Release();
        }
    }
}
