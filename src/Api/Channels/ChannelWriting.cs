using Channels.Api.Errors;
using Channels.Api.Requests;
using Channels.Core;
using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using Channels.Storage.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging;
using Orleans;

namespace Channels.Api.Channels;

/// <summary>Makes, changes and takes away channels, and tells who must know.</summary>
/// <remarks>Telling comes after the commit and may fail: every reader finds a change by the table's notification, or by expiry, as well.</remarks>
internal sealed partial class ChannelWriting(
    ChannelForm form, ChannelStore channels, KindSwitches switches, ChannelSwitch activation, IChannelDirectory directory, IGrainFactory grains, PublicAddress address, ILogger<ChannelWriting> logger, TimeProvider clock)
{
    private const string ActivateAgain = "Activate the channel again, so that the provider presents the new secret.";
    private const string ActivateInTime = $"{ActivateAgain} The former one is taken until former_valid_until; then its webhooks get 401, and a gateway repeats none of them: what people write after that is lost.";
    private const string ActivateAtOnce = $"{ActivateAgain} Until then its webhooks get 401, and a gateway repeats none of them: what people write meanwhile is lost.";

    public async Task<Results<Created<ChannelAnswer>, Problem>> CreateAsync(TenantId tenant, IReadBody<CreateChannel> body, CancellationToken cancellationToken)
    {
        var reading = form.Create(body);
        if (reading is not FormReading.Accepted { Draft: var draft })
        {
            return Refused(reading);
        }

        if (await switches.IsOffAsync(tenant, draft.Kind, cancellationToken))
        {
            return new Problem(ErrorCatalogue.KindDisabled);
        }

        var write = await channels.CreateAsync(tenant, draft, cancellationToken);
        if (write is not ChannelWrite.Written { Channel: var made })
        {
            return Refused(write);
        }

        // The directory may remember that there was no such channel, if somebody guessed.
        directory.Forget(made.Account);
        var answer = ChannelAnswer.Of(made, address, clock.GetUtcNow(), draft.WebhookSecret);
        return TypedResults.Created(
            $"/api/v1/channels/{made.Account}", body.Value.Activate == true ? await ActivatedAsync(tenant, made, answer, cancellationToken) : answer);
    }

    public async Task<Results<Ok<ChannelAnswer>, Problem>> ChangeAsync(
        TenantId tenant, AccountId account, IReadBody<ChangeChannel> body, bool partial, CancellationToken cancellationToken)
    {
        await using var edit = await channels.EditAsync(tenant, account, cancellationToken);
        if (edit is null)
        {
            return Problem.NotFound;
        }

        var reading = form.Change(body, partial, edit);
        if (reading is not FormReading.Accepted { Draft: var draft })
        {
            return Refused(reading);
        }

        var write = await edit.SaveAsync(draft, cancellationToken);
        if (write is not ChannelWrite.Written { Channel: var changed })
        {
            return Refused(write);
        }

        await TellAsync(account);

        // Not beside the answer: until its session knows, the gateway posts elsewhere or shows the former secret. Who gets no 200 sends the change again.
        try
        {
            await activation.CheckAsync(tenant, changed);
        }
        catch (StoreUnavailableException)
        {
            // What that is answered with says that nothing was done.
            return new Problem(ErrorCatalogue.Busy);
        }

        return TypedResults.Ok(ChannelAnswer.Of(changed, address, clock.GetUtcNow()));
    }

    public async Task<Results<Ok<WebhookSecretAnswer>, Problem>> RotateAsync(TenantId tenant, AccountId account, RotateWebhookSecret request, CancellationToken cancellationToken)
    {
        var complaints = new List<FieldComplaint>();
        var secret = ChannelForm.WebhookSecret(request.WebhookSecret, complaints) ?? ChannelForm.NewSecret();
        var formerFor = request.FormerValidSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : FormerSecret.Usually;
        if (formerFor < TimeSpan.Zero || formerFor > FormerSecret.AtMost)
        {
            complaints.Add(new("former_valid_seconds", $"must be 0 to {FormerSecret.AtMost.TotalSeconds:0}; it is {request.FormerValidSeconds}."));
        }

        if (complaints.Count > 0)
        {
            return new Problem(ErrorCatalogue.InvalidFields, null, complaints);
        }

        DateTimeOffset? formerUntil = formerFor > TimeSpan.Zero ? clock.GetUtcNow() + formerFor : null;
        if (!await channels.SetWebhookSecretAsync(tenant, account, secret, formerUntil, cancellationToken))
        {
            return Problem.NotFound;
        }

        await TellAsync(account);

        // It may have been deleted meanwhile: then there is nothing the new secret is good for.
        return await channels.FindAsync(tenant, account, cancellationToken) is { } channel
            ? TypedResults.Ok(new WebhookSecretAnswer(account.Value, secret, address.WebhookUrl(channel.Kind, account), formerUntil, formerUntil is null ? ActivateAtOnce : ActivateInTime))
            : Problem.NotFound;
    }

    public async Task<bool> DeleteAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken)
    {
        if (await channels.FindAsync(tenant, account, cancellationToken) is not { } channel)
        {
            return false;
        }

        // Whoever hangs up from here on: a pairing that was stopped belongs to a channel that is gone.
        await activation.StopPairingAsync(tenant, channel);
        var deleted = await channels.DeleteAsync(tenant, account, CancellationToken.None);
        if (deleted)
        {
            await TellAsync(account);
            await TellAsync(account, () => activation.StopAskingAsync(tenant, channel));
        }

        return deleted;
    }

    // The channel exists and its secret is shown this once: whatever goes wrong here is told beside it, never instead of it.
    private async Task<ChannelAnswer> ActivatedAsync(TenantId tenant, ChannelDetails made, ChannelAnswer answer, CancellationToken cancellationToken)
    {
        try
        {
            var result = await activation.OnAsync(tenant, made, cancellationToken);
            return answer with
            {
                Status = result.Status.ToWord(),
                StatusCode = result.Code,
                StatusReason = result.Reason,
                NextStep = result.NextStep,
                ActivatedAt = result.ActivatedAt,
                Activation = new(result.Success, result.Code, result.Reason, result.NextStep),
            };
        }
        catch (Exception failure)
        {
            Log.NotActivated(logger, made.Account, failure.GetType().Name);
            return answer with { Activation = new(false, ErrorCatalogue.Busy.Code, ErrorCatalogue.Busy.Title, "Activate the channel again.") };
        }
    }

    private static Problem Refused(FormReading reading) =>
        new(ErrorCatalogue.InvalidFields, null, reading is FormReading.Refused { Complaints: var complaints } ? complaints : []);

    private static Problem Refused(ChannelWrite write) => write is ChannelWrite.Taken { Field: var field }
        ? Problem.Field(ErrorCatalogue.ChannelTaken, field, "is used by another channel of this tenant.")
        : Problem.Field(ErrorCatalogue.InvalidFields, "org_unit_id", "is no org unit of this tenant; leave it out to take the default one.");

    private Task TellAsync(AccountId account)
    {
        directory.Forget(account);
        return TellAsync(account, () => grains.GetGrain<IAccountGrain>(account.Value).SettingsChangedAsync());
    }

    private async Task TellAsync(AccountId account, Func<Task> tell)
    {
        try
        {
            await tell();
        }
        catch (Exception failure)
        {
            Log.NotTold(logger, account, failure.GetType().Name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1111, LogLevel.Warning, "Channel {Account} was made, but could not be activated at once ({Problem})")]
        public static partial void NotActivated(ILogger logger, AccountId account, string problem);

        [LoggerMessage(1110, LogLevel.Warning, "Channel {Account} was changed or deleted, but a grain of its could not be told ({Problem}); it notices within half a minute")]
        public static partial void NotTold(ILogger logger, AccountId account, string problem);
    }
}
