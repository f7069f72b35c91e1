using System.Collections.Frozen;

namespace Channels.Core.Agents;

/// <summary>What a contact reads when the agent could not answer, in the channel's language.</summary>
public static class Apology
{
    private static readonly FrozenDictionary<string, string> Texts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["en"] = "Sorry, I cannot answer right now. Please try again in a moment.",
        ["es"] = "Disculpa, ahora mismo no puedo responder. Inténtalo de nuevo en un momento.",
        ["pt"] = "Desculpe, não consigo responder agora. Tente novamente em instantes.",
        ["de"] = "Entschuldigung, ich kann gerade nicht antworten. Bitte versuchen Sie es gleich noch einmal.",
        ["fr"] = "Désolé, je ne peux pas répondre pour le moment. Réessayez dans un instant.",
        ["it"] = "Mi dispiace, al momento non posso rispondere. Riprova tra poco.",
        ["nl"] = "Sorry, ik kan nu niet antwoorden. Probeer het zo nog eens.",
        ["id"] = "Maaf, saya belum bisa menjawab sekarang. Silakan coba lagi sebentar lagi.",
        ["tr"] = "Üzgünüm, şu anda yanıt veremiyorum. Lütfen birazdan tekrar deneyin.",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The text for a BCP 47 tag: its language decides, English where we do not speak it.</summary>
    public static string In(string locale) => Texts.GetValueOrDefault(locale.Split('-', '_')[0]) ?? Texts["en"];
}
