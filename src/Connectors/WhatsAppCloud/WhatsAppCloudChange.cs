using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>One change of a webhook's body: which field changed, of which business account and number, and to what.</summary>
/// <param name="Field">Meta's name of the subscription: <c>messages, history, account_update</c>…</param>
/// <param name="BusinessAccount">The business account's id; null where the body left it out.</param>
/// <param name="Account">The number's id; null for what concerns the business account as a whole.</param>
/// <param name="OwnNumber">Our own number in digits, where told.</param>
/// <param name="Value">The content.</param>
/// <param name="Time">When Meta sent it, where it says so beside the changes.</param>
internal readonly record struct WhatsAppCloudChange(
    string Field, string? BusinessAccount, string? Account, string? OwnNumber, JsonElement Value, DateTimeOffset? Time)
{
    public static WhatsAppCloudChange Read(JsonElement change, JsonElement entry)
    {
        var value = change.Member("value");
        var metadata = value.Member("metadata");

        // News of who may speak in a chat name the number as their recipient.
        var number = metadata.Id("phone_number_id") is null ? value.Member("recipient") : metadata;

        // News for partners come under the partner's own account, and say beside them which account they are about. The door reads it the same way.
        var account = value.Member("waba_info").Id("waba_id") ?? entry.Id("id");
        return new(
            change.Text("field") ?? "", account, number.Id("phone_number_id"), WhatsAppCloudValues.Digits(number.Text("display_phone_number")), value,
            WhatsAppCloudValues.Time(entry.Member("time")));
    }

    /// <summary>The items of a list in the value; nothing where there is none.</summary>
    public IEnumerable<JsonElement> Items(string name) => WhatsAppCloudValues.Items(Value.Member(name));

    /// <summary>The same change with its content one level deeper.</summary>
    public WhatsAppCloudChange Inside(string name) => this with { Value = Value.Member(name) };

    public ChannelEvent Ignored(string reason) =>
        new() { Kind = EventKinds.Ignored, Action = EventAction.Ignore, Account = Account, Reason = reason };

    /// <summary>An event about the business account as a whole, or about the number where the change names one.</summary>
    public ChannelEvent About(string kind, EventAction action) => new()
    {
        Kind = kind, Action = action, Account = Account, Timestamp = Time,
        Details = WhatsAppCloudValues.Details(("account_waba", Account is null ? BusinessAccount : null)),
    };
}
