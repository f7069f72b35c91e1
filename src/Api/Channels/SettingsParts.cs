using System.Text.Json;
using Channels.Api.Errors;
using Channels.Core.Connectors;

namespace Channels.Api.Channels;

/// <summary>A kind's settings, checked and parted: what may be shown, and what is sealed.</summary>
internal sealed record SettingsParts(string PublicJson, string? SecretJson)
{
    private static readonly Dictionary<string, JsonElement> _nothing = [];

    public static SettingsParts None { get; } = new("{}", null);

    public static SettingsParts Unchanged(KeptSettings kept) => new(kept.Public.GetRawText(), kept.SecretJson);

    /// <summary>Reads what was given, with what is kept under it: all of it in a partial change, secrets in any change.</summary>
    public static SettingsParts Read(ChannelManifest manifest, JsonElement given, KeptSettings? kept, bool partial, List<FieldComplaint> complaints)
    {
        // Names first: a setting that is kept and given in another spelling is one setting.
        var named = SettingsSchema.Read(manifest.SettingsSchema, given);
        var merged = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var (name, value) in partial && kept is not null ? Members(kept.Public) : _nothing)
        {
            merged[name] = value;
        }

        foreach (var (name, value) in kept?.SecretJson is { } secrets ? Members(JsonDocument.Parse(secrets).RootElement) : _nothing)
        {
            merged[name] = value;
        }

        foreach (var (name, value) in Members(named.Settings))
        {
            merged[name] = value;
        }

        foreach (var removed in Members(given).Where(member => member.Value.ValueKind == JsonValueKind.Null))
        {
            // As with what is given: whatever its spelling, it is the one setting.
            merged.Remove(SettingsSchema.NameOf(manifest.SettingsSchema, removed.Key) ?? removed.Key);
        }

        var whole = SettingsSchema.Read(manifest.SettingsSchema, JsonSerializer.SerializeToElement(merged));
        var wrong = named.Complaints.Where(complaint => complaint.Rule is "unknown" or "duplicate" or "characters").Concat(whole.Complaints).ToArray();
        complaints.AddRange(wrong.Select(complaint => new FieldComplaint(complaint.Field == "settings" ? "config" : $"config.{complaint.Field}", complaint.Sentence, complaint.Rule, complaint.Remedy)));
        return wrong.Length == 0 ? Parted(manifest, whole.Settings) : None;
    }

    /// <summary>A text setting that may be shown; null when there is none.</summary>
    public string? Text(string name)
    {
        using var settings = JsonDocument.Parse(PublicJson);
        return settings.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    /// <summary>All of them again, secrets in clear: for asking the provider.</summary>
    public JsonElement Whole()
    {
        var whole = Members(JsonDocument.Parse(PublicJson).RootElement);
        foreach (var (name, value) in SecretJson is null ? _nothing : Members(JsonDocument.Parse(SecretJson).RootElement))
        {
            whole[name] = value;
        }

        return JsonSerializer.SerializeToElement(whole);
    }

    private static SettingsParts Parted(ChannelManifest manifest, JsonElement settings)
    {
        var secrets = Members(settings).Where(member => manifest.SecretSettings.Contains(member.Key)).ToDictionary();
        var others = Members(settings).Where(member => !manifest.SecretSettings.Contains(member.Key)).ToDictionary();
        return new(JsonSerializer.Serialize(others), secrets.Count > 0 ? JsonSerializer.Serialize(secrets) : null);
    }

    private static Dictionary<string, JsonElement> Members(JsonElement element)
    {
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in element.EnumerateObject())
            {
                members[member.Name] = member.Value;
            }
        }

        return members;
    }

    /// <inheritdoc/>
    public override string ToString() => "settings";
}

/// <summary>A channel's settings as they are kept.</summary>
internal sealed record KeptSettings(JsonElement Public, string? SecretJson)
{
    /// <inheritdoc/>
    public override string ToString() => "settings";
}
