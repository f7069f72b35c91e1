using System.Diagnostics;

namespace Channels.Running;

/// <summary>Waits for what the product does in its own process and shows only when asked. A deadline that passes says what was awaited and what was seen.</summary>
internal static class Until
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(40);

    /// <summary>The first look that is as wanted. A product that is away while we look is looked at again.</summary>
    public static async Task<T> SeenAsync<T>(string awaited, Func<Task<T>> look, Func<T, bool> wanted, Func<T, string>? show = null, TimeSpan? within = null)
    {
        var patience = within ?? Patience;
        var started = Stopwatch.GetTimestamp();
        var seen = "nothing";
        while (true)
        {
            try
            {
                var found = await look();
                if (wanted(found))
                {
                    return found;
                }

                seen = show is null ? $"{found}" : show(found);
            }
            catch (Exception away) when (away is HttpRequestException or IOException or TaskCanceledException)
            {
                seen = $"{away.GetType().Name}: {away.Message}";
            }

            if (Stopwatch.GetElapsedTime(started) > patience)
            {
                throw new TimeoutException($"Waited {patience.TotalSeconds:0} s for: {awaited}. Seen: {seen}");
            }

            await Task.Delay(BetweenLooks);
        }
    }

    public static Task TrueAsync(string awaited, Func<bool> condition, Func<string>? show = null, TimeSpan? within = null) =>
        SeenAsync(awaited, () => Task.FromResult(condition()), met => met, _ => show?.Invoke() ?? "not so", within);
}
