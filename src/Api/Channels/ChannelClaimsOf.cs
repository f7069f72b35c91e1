using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Channels.Core.Connectors;
using Channels.Storage.Channels;

namespace Channels.Api.Channels;

/// <summary>What only one channel of a tenant may have, told from its settings.</summary>
/// <remarks>
/// Two rules: settings marked <c>x-identifies</c> in the kind's schema, taken together, name one account at the provider (a gateway's
/// address and an instance); and one identity is one account per gateway.
/// </remarks>
internal static class ChannelClaimsOf
{
    private const string Mark = "x-identifies";
    private const string Gateway = "base_url";

    /// <summary>Bytes. With the tenant beside it an index entry may have 2704.</summary>
    private const int LongestClaim = 2_600;

    public static ImmutableArray<ChannelClaim> Draft(ChannelManifest manifest, SettingsParts settings, string? identity)
    {
        var claims = ImmutableArray.CreateBuilder<ChannelClaim>();
        var marked = Marked(manifest.SettingsSchema);
        var values = marked.Select(settings.Text).ToArray();
        if (marked.Length > 0 && values.All(value => value is not null))
        {
            claims.Add(new($"config.{marked[^1]}", Claim(manifest, string.Join('|', marked.Zip(values, (name, value) => $"{name}={Plain(value!)}")))));
        }

        if (identity is not null)
        {
            claims.Add(new("identity", Claim(manifest, $"{Gateway}={Plain(settings.Text(Gateway) ?? "")}|identity={identity}")));
        }

        return claims.DrainToImmutable();
    }

    // What no index takes as it is, is known by its hash. With another bound, claims that are kept would no longer be found.
    private static string Claim(ChannelManifest manifest, string what)
    {
        var claim = Encoding.UTF8.GetBytes($"{manifest.Id}|{what}");
        return claim.Length <= LongestClaim ? $"{manifest.Id}|{what}" : $"{manifest.Id}|sha256={Convert.ToHexStringLower(SHA256.HashData(claim))}";
    }

    private static string[] Marked(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties)
            ? [.. properties.EnumerateObject()
                .Where(property => property.Value.ValueKind == JsonValueKind.Object && property.Value.TryGetProperty(Mark, out var mark) && mark.ValueKind == JsonValueKind.True)
                .Select(property => property.Name)]
            : [];

    // The same place in two spellings is one place: host without regard to case, no slash at the end.
    private static string Plain(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? $"{url.Scheme}://{url.Authority.ToLowerInvariant()}{url.AbsolutePath.TrimEnd('/')}"
            : value;
}
