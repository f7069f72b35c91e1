namespace Channels.Core.Secrets;

/// <summary>Tells from a field's name whether its value is a secret, whoever chose the name: gateways put their tokens into webhook bodies.</summary>
public static class SecretNames
{
    private static readonly string[] Endings = ["secret", "token", "password", "passwd", "apikey", "accesskey", "privatekey", "authorization", "credential", "credentials", "signature"];

    /// <summary>Whether a value of this name is never shown. Case, dashes and underscores do not matter.</summary>
    public static bool IsSecret(string name)
    {
        var plain = name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);
        return Array.Exists(Endings, ending => plain.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
    }
}
