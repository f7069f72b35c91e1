using System.Collections.Concurrent;
using System.Globalization;
using Channels.Connectors.Json;

namespace Channels.Connectors.Waha;

/// <summary>Remembers which servers take a message id that we chose.</summary>
/// <remarks>
/// Learned by asking while a session is looked after, not while a message waits; lost with the process, and asked again after a while: servers are updated.
/// </remarks>
internal sealed class WahaVersions(WahaApi api, TimeProvider clock)
{
    /// <summary>From here on a send may bring its own id.</summary>
    private static readonly Version _withOwnIds = new(2026, 4, 3);
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan _keptFor = TimeSpan.FromHours(1);
    private static readonly TimeSpan _keptWhenUnknown = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, (bool TakesOwnIds, DateTimeOffset Until)> _known = new(StringComparer.Ordinal);

    /// <summary>Whether the server takes our own ids. False where it was not asked yet: an older one might refuse what it does not know.</summary>
    public bool TakeOwnIds(WahaSettings settings) => _known.TryGetValue(settings.BaseUrl, out var known) && known.TakesOwnIds;

    /// <summary>Asks the server for its version, where that is not known or long ago.</summary>
    public async Task LearnAsync(WahaSettings settings, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (_known.TryGetValue(settings.BaseUrl, out var known) && known.Until > now)
        {
            return;
        }

        using var answer = await api.CallAsync(settings, HttpMethod.Get, settings.CallTo("server/version"), null, _limit, cancellationToken);
        var version = answer.IsSuccess ? Read(answer.Body.Filled("version")) : null;
        _known[settings.BaseUrl] = (version >= _withOwnIds, now + (version is null ? _keptWhenUnknown : _keptFor));
    }

    /// <summary><c>2026.7.1</c>, also with something behind it.</summary>
    private static Version? Read(string? text)
    {
        var parts = (text ?? "").Split('-', '+')[0].Split('.');
        var numbers = parts.Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1).ToArray();
        return numbers.Length >= 2 && Array.TrueForAll(numbers, number => number >= 0) ? new Version(numbers[0], numbers[1], numbers.Length > 2 ? numbers[2] : 0) : null;
    }
}
