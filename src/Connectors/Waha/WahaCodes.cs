using System.Collections.Concurrent;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Connectors;
using Channels.Core.Ids;

namespace Channels.Connectors.Waha;

/// <summary>Gets the codes of sessions that wait for a phone.</summary>
/// <remarks>
/// The QR code is replaced after 60 s, then every 20 s, six times; its webhook does not carry it. The code to type is another matter: each time it is asked
/// for there is a new one, and nobody types eight characters within 20 s. So it is asked for once and remembered while it is good. In memory only.
/// </remarks>
internal sealed class WahaCodes(WahaApi api, TimeProvider clock)
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _typedLife = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<AccountId, (string Number, string Code, long Given)> _typed = new();

    /// <summary>What can be scanned or typed now; null when the server has nothing to give yet.</summary>
    /// <param name="connection">Whose.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="number">The phone's number in digits, for a code to type as well.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<PairingCode?> GetAsync(Connection connection, WahaSettings settings, string? number, CancellationToken cancellationToken)
    {
        var raw = await RawAsync(settings, cancellationToken);

        // Builds that give the picture only. Where there is a text the picture is drawn from it: asked for twice, the two could be different codes.
        var image = raw is null ? await ImageAsync(settings, cancellationToken) : null;
        var typed = number is null ? null : await TypedAsync(connection, settings, number, cancellationToken);
        return PairingCode.Of(raw, image, typed);
    }

    private async Task<string?> RawAsync(WahaSettings settings, CancellationToken cancellationToken)
    {
        using var answer = await api.CallAsync(settings, HttpMethod.Get, settings.CallWithin("auth/qr?format=raw"), null, _limit, cancellationToken);
        return answer.IsSuccess ? answer.Body.Filled("value") : null;
    }

    private async Task<string?> ImageAsync(WahaSettings settings, CancellationToken cancellationToken)
    {
        using var answer = await api.CallAsync(settings, HttpMethod.Get, settings.CallWithin("auth/qr?format=image"), null, _limit, cancellationToken);
        return answer.IsSuccess && answer.Body.Filled("data") is { } data ? $"data:{answer.Body.Filled("mimetype") ?? "image/png"};base64,{data}" : null;
    }

    private async Task<string?> TypedAsync(Connection connection, WahaSettings settings, string number, CancellationToken cancellationToken)
    {
        foreach (var (account, code) in _typed)
        {
            if (clock.GetElapsedTime(code.Given) >= _typedLife)
            {
                _typed.TryRemove(new KeyValuePair<AccountId, (string, string, long)>(account, code));
            }
        }

        if (_typed.TryGetValue(connection.Account, out var kept) && kept.Number == number)
        {
            return kept.Code;
        }

        using var answer = await api.CallAsync(
            settings, HttpMethod.Post, settings.CallWithin("auth/request-code"), WahaPayloads.RequestCode(number), _limit, cancellationToken);
        if (!answer.IsSuccess || answer.Body.Filled("code") is not { } given)
        {
            return null;
        }

        // Eight characters; the dash in the middle is for the eye.
        var plain = given.Replace("-", "", StringComparison.Ordinal);
        _typed[connection.Account] = (number, plain, clock.GetTimestamp());
        return plain;
    }

    /// <summary>The session is paired, its pairing was given up, or its engine starts anew: a code that was to be typed is of no use any more.</summary>
    public void Forget(AccountId account) => _typed.TryRemove(account, out _);
}
