namespace Channels.Testing;

/// <summary>Waits for what another process does, and cannot announce. Within our own process await a signal instead.</summary>
public static class Eventually
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(20);

    /// <summary>Returns when <paramref name="condition"/> holds. A deadline that passes says what was awaited and, with <paramref name="seen"/>, what was there instead.</summary>
    public static async Task TrueAsync(string awaited, Func<bool> condition, TimeSpan? within = null, Func<string>? seen = null)
    {
        var patience = within ?? TimeSpan.FromSeconds(20);
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > patience)
            {
                throw new TimeoutException($"Waited {patience.TotalSeconds:0.#} s for: {awaited}. {(seen is null ? "" : $"Seen: {seen()}")}");
            }

            await Task.Delay(BetweenLooks);
        }
    }
}
