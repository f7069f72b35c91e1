using Channels.Core.Channels;
using Channels.Core.Intake;
using Channels.Grains.Abstractions;
using Microsoft.Extensions.Logging;

namespace Channels.Grains.Intake;

/// <summary>Says of one account what is wrong with its intake, and that it is over.</summary>
/// <remarks>
/// What is wrong is written into the intake's row before it is said, and crossed out there only after it was taken back. So whatever a crash leaves said is known to the next look,
/// which says it again or ends it; and who reads that something is wrong reads since when. Of two troubles that follow each other both are known until the second was said.
/// </remarks>
/// <param name="row">The intake's row.</param>
/// <param name="directory">How the account and its connector stand.</param>
/// <param name="sayAsync">Says it of the account.</param>
/// <param name="healAsync">Tells the account's connector that its trouble is over.</param>
/// <param name="clock">For since when.</param>
/// <param name="logger">For the operator.</param>
internal sealed class IntakeNews(
    IntakeRow row, IChannelDirectory directory, Func<AccountStatusChange, CancellationToken, Task> sayAsync, Func<ChannelEntry, Task> healAsync, TimeProvider clock, ILogger logger)
{
    private const string Unreachable = "provider-unreachable";

    /// <summary>Says it if it is new, or worth repeating. The intake with what is said from now on, and since when.</summary>
    /// <param name="channel">The account.</param>
    /// <param name="intake">As it was when the provider was asked, with what it said of itself.</param>
    /// <param name="verdict">What that comes to; null for nothing new.</param>
    /// <param name="cancellationToken">Ends it between two steps.</param>
    public async Task<AccountIntake> TellAsync(ChannelEntry channel, AccountIntake intake, IntakeVerdict? verdict, CancellationToken cancellationToken)
    {
        if (verdict is null || (verdict.Code is null && intake.Code is null))
        {
            return intake;
        }

        directory.Forget(channel.Account);
        if (await directory.FindAsync(channel.Account, cancellationToken) is not { Status: not AccountStatus.Inactive } now
            || (verdict.IsSilence && now.Status != AccountStatus.Active)
            || (verdict.EndsItsOwn && now.Status == AccountStatus.Error && SaidOf(now, intake) is null))
        {
            return intake;
        }

        var isNew = verdict.Code != intake.Code;
        DateTimeOffset? since = verdict.Code is null ? null : isNew ? clock.GetUtcNow() : intake.CodeSince;
        if (isNew && verdict.Code is not null)
        {
            var written = intake with { Code = verdict.Code, CodeBefore = SaidOf(now, intake), CodeSince = intake.CodeSince ?? since };
            if (!await IsWrittenAsync(channel, written))
            {
                return written;
            }
        }

        // First: an account that says it is active, beside a connector that says the opposite, is not looked at for this again.
        if (verdict is { Ends: false, IsSilence: false } && IsOver(now, intake))
        {
            await healAsync(now);
        }

        await sayAsync(
            new(channel.Tenant, verdict.Ends ? AccountStatus.Error : AccountStatus.Active, verdict.Code, verdict.Reason, verdict.NextStep), cancellationToken);
        directory.Forget(channel.Account);
        if (isNew)
        {
            IntakeLog.Changed(logger, channel.Account, verdict.Code ?? "well", verdict.Ends);
        }

        return intake with { Code = verdict.Code, CodeSince = since, CodeBefore = null };
    }

    // A reply, or an activation, may have met the same trouble and put it down to the connector. What the connector has of its own is not ours to end.
    private static bool IsOver(ChannelEntry account, AccountIntake intake) =>
        account is { ConnectorStatus: ConnectorStatus.Error, ConnectorCode: { } code } && (code == Unreachable || code == intake.Code || code == intake.CodeBefore);

    // What people read of the account, where that is from here, or from an activation that was to mend it and met a provider that did not answer: nobody else takes that back.
    private static string? SaidOf(ChannelEntry account, AccountIntake intake) =>
        account.StatusCode is { } code && (code == intake.Code || code == intake.CodeBefore || (code == Unreachable && intake.Code is not null)) ? code : null;

    // Due as before: the look is not over. Not where the owner has stopped the intake or started it anew, before it is saved or while: what the provider said then is out of date.
    private async Task<bool> IsWrittenAsync(ChannelEntry channel, AccountIntake intake)
    {
        if (row.Now is not { DueAt: { } due })
        {
            return false;
        }

        var written = intake with { DueAt = due };
        await row.KeepAsync(channel.Tenant, channel.Account, written);

        // When it is asked next may have been brought forward meanwhile; that is no stop.
        return row.Now is { DueAt: { } next } now && now == written with { DueAt = next };
    }
}
