using System.Collections.Immutable;
using Channels.Connectors.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Sees whether number and token work, subscribes the app to the account, and points the number's webhooks to us where that is wanted.</summary>
/// <remarks>Safe to repeat: nothing is registered, deleted or taken from anybody. Two or three calls of the 200 an hour that Meta allows for an account.</remarks>
internal sealed class WhatsAppCloudProvisioning(WhatsAppCloudApi api)
{
    private const string Fields = "?fields=id,display_phone_number,verified_name,status,quality_rating,platform_type";
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(15);

    public async Task<ActivationOutcome> ActivateAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (WhatsAppCloudSettings.Read(connection) is not { } settings)
        {
            return new ActivationOutcome.Refused("settings-incomplete", "the phone number ID, the token or the address is missing in the settings");
        }

        using var number = await GetNumberAsync(settings, cancellationToken);
        var refusal = Complaint(number)
            ?? await SubscribeAsync(settings, cancellationToken)
            ?? (WhatsAppCloudSettings.SetsWebhook(connection) ? await PointWebhookAsync(settings, connection, cancellationToken) : null);
        return Secrecy.Hide(refusal ?? new ActivationOutcome.Active(WhatsAppCloudValues.Digits(number.Body.Text("display_phone_number"))), settings.AccessToken, connection.WebhookSecret);
    }

    /// <summary>Reads only.</summary>
    public async Task<ConnectionCheck> CheckAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (WhatsAppCloudSettings.Read(connection) is not { } settings)
        {
            return ConnectionCheck.Unreachable("base_url", "the phone number ID, the token or the address is missing");
        }

        using var number = await GetNumberAsync(settings, cancellationToken);
        if (Complaint(number) is { } complaint)
        {
            return Secrecy.Hide(complaint, settings.AccessToken) switch
            {
                ActivationOutcome.Unreachable away => ConnectionCheck.Unreachable("base_url", away.Reason),
                ActivationOutcome.Refused refused => new([new(
                    refused.Field ?? WhatsAppCloudSettings.PhoneNumberIdName, refused.Code, refused.Reason, refused.NextStep ?? "correct it as Meta's API Setup page shows it")]),
                _ => ConnectionCheck.Unreachable("base_url", "an answer that nobody expected"),
            };
        }

        return new(await CheckAccountAsync(settings, cancellationToken), FoundIn(number));
    }

    private async Task<ImmutableArray<SettingsComplaint>> CheckAccountAsync(WhatsAppCloudSettings settings, CancellationToken cancellationToken)
    {
        if (settings.BusinessAccountId is not { } account)
        {
            return [];
        }

        using var numbers = await api.CallAsync(
            settings, HttpMethod.Get, settings.CallTo(account, "phone_numbers", "?fields=id&limit=100"), (HttpContent?)null, _limit, cancellationToken);
        return numbers.IsSuccess && WhatsAppCloudValues.Items(numbers.Body.Member("data")).Any(one => one.Id("id") == settings.PhoneNumberId)
            ? []
            : [new(
                WhatsAppCloudSettings.BusinessAccountIdName, "mismatch", numbers.IsSuccess ? "is not the account that the number belongs to" : Secrecy.Hide(numbers.Said, settings.AccessToken),
                "copy the WhatsApp Business Account ID that API Setup shows beside this number")];
    }

    private Task<WhatsAppCloudAnswer> GetNumberAsync(WhatsAppCloudSettings settings, CancellationToken cancellationToken) =>
        api.CallAsync(settings, HttpMethod.Get, settings.CallTo(settings.PhoneNumberId, query: Fields), (HttpContent?)null, _limit, cancellationToken);

    /// <summary>What keeps the number from working; null when nothing does.</summary>
    private static ActivationOutcome? Complaint(WhatsAppCloudAnswer number)
    {
        if (!number.IsSuccess || number.Body.Id("id") is null)
        {
            return WhatsAppCloudErrors.ToActivation(number, WhatsAppCloudSettings.PhoneNumberIdName);
        }

        // What Meta says of a number that sends all the same is told by the look at its health.
        return WhatsAppCloudHealth.EndOf(number.Body.Filled("status")) is { } end
            ? new ActivationOutcome.Refused(end.Code, end.Reason, WhatsAppCloudSettings.PhoneNumberIdName) { NextStep = end.NextStep }
            : null;
    }

    private static string FoundIn(WhatsAppCloudAnswer number) => string.Join(
        ", ",
        new[] { number.Body.Filled("verified_name"), number.Body.Filled("display_phone_number"), number.Body.Filled("quality_rating") is { } quality ? $"quality {quality}" : null }.OfType<string>());

    /// <summary>Null when it is done, or there is no account to subscribe to.</summary>
    private async Task<ActivationOutcome?> SubscribeAsync(WhatsAppCloudSettings settings, CancellationToken cancellationToken)
    {
        if (settings.BusinessAccountId is not { } account)
        {
            return null;
        }

        using var subscribed = await api.CallAsync(settings, HttpMethod.Post, settings.CallTo(account, "subscribed_apps"), (HttpContent?)null, _limit, cancellationToken);
        return subscribed.IsSuccess ? null : WhatsAppCloudErrors.ToActivation(subscribed, WhatsAppCloudSettings.BusinessAccountIdName);
    }

    private async Task<ActivationOutcome?> PointWebhookAsync(WhatsAppCloudSettings settings, Connection connection, CancellationToken cancellationToken)
    {
        using var pointed = await api.CallAsync(
            settings, HttpMethod.Post, settings.CallTo(settings.PhoneNumberId), WhatsAppCloudPayloads.PointWebhook(connection), _limit, cancellationToken);
        return pointed.IsSuccess ? null
            : pointed.Status is null ? new ActivationOutcome.Unreachable(pointed.Trouble)
            : new ActivationOutcome.Refused("webhook-not-set", pointed.Said, "set_webhook")
            {
                NextStep = "Make sure that Meta reaches the channel's webhook_url by https, then activate again; or switch set_webhook off and set the webhook in Meta's App dashboard.",
            };
    }
}
