using System.Text.Json;
using Channels.Connectors.Json;

namespace Channels.Connectors.WhatsApp;

/// <summary>Our own side's addresses, as far as the gateway tells them.</summary>
/// <remarks>Groups name their members by hidden ids since 2025: who is mentioned there is rarely mentioned by phone.</remarks>
/// <param name="Phone">The phone's.</param>
/// <param name="Lid">The hidden one.</param>
internal readonly record struct WhatsAppOwn(WhatsAppJid? Phone, WhatsAppJid? Lid = null)
{
    public bool Is(WhatsAppJid? jid) => jid is { } one && (one == Phone || one == Lid);

    /// <summary>Whether a list of addresses names us; the browser engines write them as texts or as objects.</summary>
    public bool IsAmong(JsonElement jids)
    {
        if (!jids.IsArray())
        {
            return false;
        }

        foreach (var jid in jids.EnumerateArray())
        {
            if (Is(WhatsAppJid.Parse(jid.IsObject() ? jid.Text("_serialized") : jid.AsText())))
            {
                return true;
            }
        }

        return false;
    }
}
