using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;

namespace Channels.Grains.Intake;

/// <content>How an account stands with its provider: asked about once an hour, and sooner after trouble.</content>
internal sealed partial class IntakeGrain
{
    private bool _isLooking;

    /// <inheritdoc/>
    public async Task LookSoonAsync(TenantId tenant)
    {
        if (await FindAsync(CancellationToken.None) is not { } channel || channel.Tenant != tenant || _connectors.Find(channel.Kind) is not IHealthWatch
            || _row.Now is not { DueAt: { } due } intake)
        {
            return;
        }

        // Bad news comes in swarms, and the provider counts how often it is asked.
        var soon = Now + Jittered(_options.LookAfterTrouble);
        var again = _isLooking ? Now + _options.HealthAilingEvery : intake.HealthAt is { } last ? last + _options.HealthAilingEvery : soon;
        var at = again > soon ? again : soon;

        // A look under way may have been answered before the news, and its time is past: another must follow.
        if (at < due || _isLooking)
        {
            await KeepAsync(channel, intake with { DueAt = at });
        }
    }

    private async Task CheckHealthAsync(ChannelEntry channel, IHealthWatch watch, CancellationToken cancellationToken)
    {
        _isLooking = true;
        try
        {
            await LookAsync(channel, watch, cancellationToken);
        }
        finally
        {
            _isLooking = false;
        }
    }

    private async Task LookAsync(ChannelEntry channel, IHealthWatch watch, CancellationToken cancellationToken)
    {
        var found = _row.Now!;
        var reading = await CallAsync(
            watch, CallLimit, token => watch.ReadHealthAsync(channel.Connection, token), new HealthReading.Unknown("no answer in time"), cancellationToken);
        if (reading is null || _row.Now is not { DueAt: not null } intake)
        {
            return;
        }

        var failures = reading is HealthReading.Unknown ? intake.Failures + 1 : 0;
        var seen = intake with
        {
            Failures = failures,
            FactsJson = reading.Facts?.ToJsonString() ?? intake.FactsJson,
            HealthAt = reading is HealthReading.Unknown ? intake.HealthAt : Now,
        };
        var told = await _news.TellAsync(channel, seen, IntakeVerdict.Of(reading, failures), cancellationToken);
        var wait = Jittered(told.Code is null && failures == 0 ? _options.HealthEvery : _options.HealthAilingEvery);
        var rest = reading.Rest < IntakeOptions.LongestWish ? reading.Rest : IntakeOptions.LongestWish;
        await _row.EndLookAsync(channel.Tenant, Account, found, told with { DueAt = Now + (rest > wait ? rest : wait) });
    }

    // Accounts that were activated, or upgraded, together are not asked about together for ever.
    private static TimeSpan Jittered(TimeSpan wait) => wait * (0.9 + (Random.Shared.NextDouble() * 0.2));
}
