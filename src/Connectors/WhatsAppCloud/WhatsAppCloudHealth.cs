using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Asks Meta how a number stands: registered, restricted, liked, named, and how many people it may write to.</summary>
/// <remarks>
/// One call; a second where Meta does not know one of the fields. Meta allows 200 an hour for a business account. What Meta says of a number that sends all the same
/// stops nothing: only an end of the token, a lock, and a number that is not registered do, because then nothing leaves whatever we try.
/// Fields: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers
/// </remarks>
internal sealed class WhatsAppCloudHealth(WhatsAppCloudApi api)
{
    private const string Fields = $"{OldFields},name_status,throughput,whatsapp_business_manager_messaging_limit,health_status";
    private const string OldFields = "?fields=id,status,quality_rating,verified_name,platform_type";

    private const int FieldUnknown = 100;

    /// <summary>From here on Meta's budget is left to those who need it more.</summary>
    private const int NearlySpent = 75;

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan _rest = TimeSpan.FromHours(1);

    public async Task<HealthReading> ReadAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (WhatsAppCloudSettings.Read(connection) is not { } settings)
        {
            return new HealthReading.Broken("settings-incomplete", "The phone number ID, the token or the address is missing in the settings.", "Complete the channel's settings and activate it again.");
        }

        using var whole = await AskAsync(settings, Fields, cancellationToken);
        if (whole.Error.Code != FieldUnknown)
        {
            return Secrecy.Hide(Read(whole), settings.AccessToken, connection.WebhookSecret);
        }

        // An older version of the Graph API, which says so with the code it also has for a number that is gone.
        using var part = await AskAsync(settings, OldFields, cancellationToken);
        return Secrecy.Hide(Read(part), settings.AccessToken, connection.WebhookSecret);
    }

    private Task<WhatsAppCloudAnswer> AskAsync(WhatsAppCloudSettings settings, string fields, CancellationToken cancellationToken) =>
        api.CallAsync(settings, HttpMethod.Get, settings.CallTo(settings.PhoneNumberId, query: fields), (HttpContent?)null, _limit, cancellationToken);

    /// <summary>What an answer comes to. Pure.</summary>
    internal static HealthReading Read(WhatsAppCloudAnswer answer)
    {
        var reading = answer.IsSuccess && answer.Body.Id("id") is not null ? OfNumber(answer.Body) : OfFailure(answer);
        return answer.Usage is { BlockedFor: { } blocked } ? reading with { Rest = blocked }
            : answer.Usage.Percent >= NearlySpent || answer.Error.Meaning is WhatsAppMetaMeaning.Throttled or WhatsAppMetaMeaning.LongThrottled ? reading with { Rest = _rest }
            : reading;
    }

    private static HealthReading OfFailure(WhatsAppCloudAnswer answer) => answer switch
    {
        { Status: null } => new HealthReading.Unknown(answer.Trouble),
        { Error.Code: 0 or 102 or 190 } => new HealthReading.Broken(
            "unauthorized", $"Meta does not accept the access token any more: {answer.Said}.",
            "Generate a system user's token that never expires, put it into access_token, and activate the channel again."),

        // Reading needs more rights than sending does.
        { Error.Meaning: WhatsAppMetaMeaning.Unauthorized } => new HealthReading.Ailing(
            "permission-missing", $"The token may not read how the number stands: {answer.Said}. Whether it may send is seen when something is sent.",
            "Give the system user full control of the WhatsApp account, with whatsapp_business_management and whatsapp_business_messaging."),
        { Error.Meaning: WhatsAppMetaMeaning.Restricted } => Restricted($"Meta has restricted or locked the account: {answer.Said}."),
        { Error.Meaning: WhatsAppMetaMeaning.NotRegistered } => NotRegistered($"Meta says that the number is not registered: {answer.Said}."),
        { Error.Meaning: WhatsAppMetaMeaning.BadRequest } => new HealthReading.Ailing(
            "number-not-found", $"Meta does not show the number: {answer.Said}. It was deleted, moved to another account, or the token may not see it.",
            "Compare phone_number_id with WhatsApp Manager (Phone numbers), correct it, and activate the channel again."),
        _ => new HealthReading.Unknown(answer.Error.Code is null ? $"Meta answers {(int)answer.Status!}" : $"Meta answers with error {answer.Error.Code}: {answer.Said}"),
    };

    private static HealthReading OfNumber(JsonElement number)
    {
        var said = number.Member("health_status");
        var problems = ProblemsIn(said);
        return Judge(Word(number, "status"), Word(number, "quality_rating"), Word(number, "name_status"), Word(said, "can_send_message"), problems) with
        {
            Facts = FactsOf(
                ("number_status", Word(number, "status")), ("quality_rating", Word(number, "quality_rating")), ("name_status", Word(number, "name_status")),
                ("messaging_limit", Word(number, "whatsapp_business_manager_messaging_limit")), ("throughput", Word(number.Member("throughput"), "level")),
                ("can_send", Word(said, "can_send_message")), ("problems", problems)),
        };
    }

    /// <summary>What keeps a number of that status from sending anything; null where it sends all the same, and where nobody knows the status.</summary>
    internal static HealthReading.Broken? EndOf(string? status) => status switch
    {
        "BANNED" => Restricted("Meta has banned the number."),
        "PENDING" or "DISCONNECTED" or "UNVERIFIED" or "DELETED" or "MIGRATED" => NotRegistered($"Meta says that the number is {status}, not CONNECTED."),
        _ => null,
    };

    // The worst first: one thing is said at a time, and the others stand in the facts.
    private static HealthReading Judge(string? status, string? quality, string? name, string? canSend, string? problems) => EndOf(status) ?? (status, quality, name, canSend) switch
    {
        ("RESTRICTED" or "RATE_LIMITED", _, _, _) => new HealthReading.Ailing(
            "number-restricted", $"Meta says that the number is {status}: it has reached its messaging limit and may begin no conversations for now. Answers go on.",
            "Wait until the limit is over (a day), and look at the number's quality in WhatsApp Manager (Phone numbers)."),
        (_, _, _, "BLOCKED") => new HealthReading.Ailing(
            "sending-blocked", $"Meta says that messages are blocked{Because(problems)}. What is sent all the same says whether that holds for answers.",
            "Follow what WhatsApp Manager shows for the number and its account (Account tools, Phone numbers)."),
        ("FLAGGED", _, _, _) or (_, "RED", _, _) => new HealthReading.Ailing(
            "quality-low", "Meta rates the number's quality as low: people block or report it. Meta may restrict it next.",
            "Write only to people who expect it, stop the templates with bad ratings (WhatsApp Manager, Message templates), and wait: it is rated over seven days."),
        (_, _, "DECLINED" or "EXPIRED", _) => new HealthReading.Ailing(
            "name-declined", $"The display name is {name}: people see the number instead, and some messages are limited.",
            "Choose another display name in WhatsApp Manager (Phone numbers, Profile)."),
        (_, _, _, "LIMITED") => new HealthReading.Ailing(
            "sending-limited", $"Meta says that messages are limited{Because(problems)}.", "Follow what WhatsApp Manager shows for the number and its account (Account tools, Phone numbers)."),
        (not null and not "CONNECTED", _, _, _) => new HealthReading.Ailing(
            "number-not-connected", $"Meta says that the number is {status}, not CONNECTED.", "Look at the number in WhatsApp Manager (Phone numbers)."),
        _ => (HealthReading)new HealthReading.Well(),
    };

    private static HealthReading.Broken Restricted(string reason) =>
        new("account-restricted", reason, "Look at the account's restrictions in WhatsApp Manager and ask Meta for a review there; activate the channel afterwards.");

    private static HealthReading.Broken NotRegistered(string reason) =>
        new("number-not-registered", reason, "Register the number for the Cloud API in WhatsApp Manager (Phone numbers), then activate the channel again.");

    private static string Because(string? problems) => problems is null ? "" : $": {problems}";

    private static string? ProblemsIn(JsonElement health)
    {
        var words = WhatsAppCloudValues.Items(health.Member("entities")).SelectMany(entity => WhatsAppCloudValues.Items(entity.Member("errors")))
            .Select(error => error.Filled("error_description")?.TrimEnd('.', ' ')).OfType<string>().Distinct(StringComparer.Ordinal).Take(3).ToList();
        var all = string.Join("; ", words);
        return all.Length is 0 ? null : all.Length <= 300 ? all : $"{all[..(char.IsHighSurrogate(all[299]) ? 299 : 300)]}…";
    }

    // Meta's constants, as they may be shown; anything else is not theirs.
    private static string? Word(JsonElement of, string name) =>
        of.Text(name) is { } word && WhatsAppCloudValues.Word(word.ToLowerInvariant()) is not null ? word.ToUpperInvariant() : null;

    private static JsonObject FactsOf(params ReadOnlySpan<(string Name, string? Value)> facts)
    {
        var known = new JsonObject();
        foreach (var (name, value) in facts)
        {
            if (value is not null)
            {
                known[name] = value;
            }
        }

        return known;
    }
}
