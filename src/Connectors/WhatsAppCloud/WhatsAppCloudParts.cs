using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Finds whom a body is about without reading the rest of it, and cuts it up where it is about several.</summary>
/// <remarks>
/// Runs at the door for every webhook, before anything is proven: one pass over the bytes, of which only ids become text. Each change is routed by its
/// own number; one without a number (templates, the account itself) by the business account, which news for partners name themselves. Broken bodies are about nobody in particular.
/// </remarks>
internal static class WhatsAppCloudParts
{
    private static readonly WebhookAccount _nobody = new("", "");

    public static ImmutableArray<WebhookPart> Of(ReadOnlyMemory<byte> body)
    {
        var whole = body.Span.StartsWith("\uFEFF"u8) ? body[3..] : body;
        try
        {
            return Of(body, whole, Read(whole.Span));
        }
        catch (InvalidOperationException)
        {
            // Half a character in a member's name, which the parser mends as well: what it will read must be what is seen here.
            whole = Channels.Core.Text.MendedJson.Of(whole);
        }
        catch (JsonException)
        {
            return [new(_nobody, () => body)];
        }

        try
        {
            return Of(body, whole, Read(whole.Span));
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            return [new(_nobody, () => body)];
        }
    }

    private static List<Change> Read(ReadOnlySpan<byte> whole)
    {
        var changes = new List<Change>();
        var reader = new Utf8JsonReader(whole, new JsonReaderOptions { MaxDepth = JsonBody.MaxDepth });
        ReadRoot(ref reader, changes);
        return changes;
    }

    private static ImmutableArray<WebhookPart> Of(ReadOnlyMemory<byte> body, ReadOnlyMemory<byte> whole, List<Change> changes)
    {
        var accounts = changes.Select(change => change.Account).Distinct().ToList();
        return accounts.Count <= 1
            ? [new(accounts.Count == 1 ? accounts[0] : _nobody, () => body)]
            : [.. accounts.Select(account => new WebhookPart(account, () => Cut(whole.Span, changes.Where(change => change.Account == account))))];
    }

    private static void ReadRoot(ref Utf8JsonReader reader, List<Change> changes)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            // What follows is still checked: a body that is broken further on is about nobody.
            reader.TrySkip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isEntries = reader.ValueTextEquals("entry"u8);
            reader.Read();
            if (!isEntries || reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                ReadEntry(ref reader, changes);
            }
        }

        // Whatever stands behind the object makes the whole no JSON, as it does for the parser.
        reader.Read();
    }

    private static void ReadEntry(ref Utf8JsonReader reader, List<Change> changes)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        var first = changes.Count;
        string? account = null;
        Range id = default, time = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueTextEquals("id"u8) ? 'i' : reader.ValueTextEquals("time"u8) ? 't' : reader.ValueTextEquals("changes"u8) ? 'c' : ' ';
            reader.Read();
            switch (name)
            {
                case 'c' when reader.TokenType == JsonTokenType.StartArray:
                    while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    {
                        changes.Add(ReadChange(ref reader));
                    }

                    break;
                case 'i':
                    account = IdOf(ref reader);
                    id = SkipOver(ref reader);
                    break;
                case 't':
                    time = SkipOver(ref reader);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        // The id may stand behind the changes.
        for (var i = first; i < changes.Count; i++)
        {
            changes[i] = changes[i] with { Entry = first, Id = id, Time = time, Account = changes[i].Account.IsNamed ? changes[i].Account : Named(WhatsAppCloudSettings.BusinessAccountIdName, account, several: true) };
        }
    }

    private static Change ReadChange(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        WebhookAccount account = _nobody;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
        }
        else
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isValue = reader.ValueTextEquals("value"u8);
                reader.Read();
                if (isValue && reader.TokenType == JsonTokenType.StartObject)
                {
                    account = ReadValue(ref reader) is { IsNamed: true } named ? named : account;
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        return new(account, start..(int)reader.BytesConsumed, 0, default, default);
    }

    // metadata.phone_number_id; news of who may speak has no metadata and names the number as its recipient. News for partners has no number and names the business account.
    private static WebhookAccount ReadValue(ref Utf8JsonReader reader)
    {
        string? metadata = null, recipient = null, business = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueTextEquals("metadata"u8) ? 'm' : reader.ValueTextEquals("recipient"u8) ? 'r' : reader.ValueTextEquals("waba_info"u8) ? 'w' : ' ';
            reader.Read();
            if (name == ' ' || reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            var id = ReadId(ref reader, name == 'w' ? "waba_id"u8 : "phone_number_id"u8);
            (metadata, recipient, business) = name switch { 'm' => (id, recipient, business), 'r' => (metadata, id, business), _ => (metadata, recipient, id) };
        }

        return (metadata ?? recipient) is { } number
            ? Named(WhatsAppCloudSettings.PhoneNumberIdName, number, several: false)
            : Named(WhatsAppCloudSettings.BusinessAccountIdName, business, several: true);
    }

    private static string? ReadId(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> member)
    {
        string? id = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isId = reader.ValueTextEquals(member);
            reader.Read();
            id = isId ? IdOf(ref reader) : id;
            reader.Skip();
        }

        return id;
    }

    /// <summary>An id as settings hold it: digits. Anything else names nobody.</summary>
    private static string? IdOf(ref Utf8JsonReader reader) =>
        reader.TokenType is JsonTokenType.String or JsonTokenType.Number && reader.ValueSpan is { Length: > 0 and <= 32 } id && id.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0
            ? Encoding.ASCII.GetString(id)
            : null;

    private static Range SkipOver(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return start..(int)reader.BytesConsumed;
    }

    private static WebhookAccount Named(string setting, string? value, bool several) => value is null ? _nobody : new(setting, value, several);

    // The bytes of each change as they came, in entries as they came.
    private static ReadOnlyMemory<byte> Cut(ReadOnlySpan<byte> body, IEnumerable<Change> changes)
    {
        var part = new ArrayBufferWriter<byte>(1024);
        part.Write("{\"object\":\"whatsapp_business_account\",\"entry\":["u8);
        var entry = -1;
        foreach (var change in changes)
        {
            if (change.Entry != entry)
            {
                part.Write(entry < 0 ? "{"u8 : "]},{"u8);
                WriteMember(part, "\"id\":"u8, body[change.Id]);
                WriteMember(part, "\"time\":"u8, body[change.Time]);
                part.Write("\"changes\":["u8);
                entry = change.Entry;
            }
            else
            {
                part.Write(","u8);
            }

            part.Write(body[change.Bytes]);
        }

        part.Write("]}]}"u8);
        return part.WrittenMemory;
    }

    private static void WriteMember(ArrayBufferWriter<byte> part, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (!value.IsEmpty)
        {
            part.Write(name);
            part.Write(value);
            part.Write(","u8);
        }
    }

    /// <summary>One change: whose, where its bytes are, and where those of its entry's id and time are. Entries are told apart by their first change.</summary>
    private readonly record struct Change(WebhookAccount Account, Range Bytes, int Entry, Range Id, Range Time);
}
