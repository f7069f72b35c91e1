using System.Globalization;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>One of Meta's errors, as an answer to a call or inside a webhook: both have the same codes.</summary>
/// <param name="Code">Meta's code: what decides. Null where there was none.</param>
/// <param name="Title">Meta's short name of it.</param>
/// <param name="Details">Meta's explanation.</param>
internal readonly record struct WhatsAppCloudError(int? Code, string? Title, string? Details)
{
    private const int LongestWords = 300;

    /// <summary>What it means for us.</summary>
    public WhatsAppMetaMeaning Meaning => WhatsAppMetaErrors.MeaningOf(Code);

    /// <summary>Whether the same may work later without anybody doing anything.</summary>
    public bool IsPassing => Meaning is WhatsAppMetaMeaning.Throttled or WhatsAppMetaMeaning.LongThrottled or WhatsAppMetaMeaning.PairThrottled
        or WhatsAppMetaMeaning.Passing or WhatsAppMetaMeaning.Undecided or WhatsAppMetaMeaning.MediaTrouble or WhatsAppMetaMeaning.TemplateWaits;

    /// <summary>Our word and Meta's own words, for people.</summary>
    public string Said
    {
        get
        {
            var words = Details ?? Title ?? (Code is { } code ? string.Create(CultureInfo.InvariantCulture, $"Meta's error {code}") : "no words");
            return $"{WhatsAppMetaErrors.WordOf(Meaning)}: {(words.Length <= LongestWords ? words : $"{words[..(char.IsHighSurrogate(words[LongestWords - 1]) ? LongestWords - 1 : LongestWords)]}…")}";
        }
    }

    public static WhatsAppCloudError Read(JsonElement error)
    {
        var code = error.Number("code");
        return new(
            code is >= 0 and <= int.MaxValue ? (int)code : null, error.Filled("title") ?? error.Filled("message"),
            error.Member("error_data").Filled("details") ?? error.Filled("details") ?? error.Filled("error_user_msg"));
    }
}
