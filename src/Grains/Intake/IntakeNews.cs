using Channels.Core.Channels;
using Channels.Core.Intake;
using Channels.Grains.Abstractions;
using Microsoft.Extensions.Logging;

namespace Channels.Grains.Intake;

/// <summary>Says of one account what is wrong with its intake, and that it is over.</summary>
/// <remarks>
/// What is wrong is written into the intake's row before it is said, and crossed out there only after it was taken back. So whatever a crash leaves said is known to the next look,
/// which says it again or ends it; and who reads that something is wrong reads since when.
/// </remarks>
internal sealed class IntakeNews(IntakeRow row, IChannelDirectory directory, Func<AccountStatusChange, CancellationToken, Task> sayAsync, TimeProvider clock, ILogger logger)
{
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
            || (verdict.EndsItsOwn && now.Status == AccountStatus.Error && now.StatusCode != intake.Code))
        {
            return intake;
        }

        var isNew = verdict.Code != intake.Code;
        var told = isNew ? intake with { Code = verdict.Code, CodeSince = verdict.Code is null ? null : clock.GetUtcNow() } : intake;
        if (isNew && told.Code is not null && !await IsWrittenAsync(channel, told))
        {
            return intake;
        }

        await sayAsync(
            new(channel.Tenant, verdict.Ends ? AccountStatus.Error : AccountStatus.Active, verdict.Code, verdict.Reason, verdict.NextStep), cancellationToken);
        directory.Forget(channel.Account);
        if (isNew)
        {
            IntakeLog.Changed(logger, channel.Account, verdict.Code ?? "well", verdict.Ends);
        }

        return told;
    }

    // Due as before: the look is not over. Not where the owner has stopped the intake, before it is saved or while.
    private async Task<bool> IsWrittenAsync(ChannelEntry channel, AccountIntake intake)
    {
        if (row.Now is { DueAt: { } due })
        {
            await row.KeepAsync(channel.Tenant, channel.Account, intake with { DueAt = due });
        }

        return row.Now is { DueAt: not null };
    }
}
