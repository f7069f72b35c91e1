using System.Security.Cryptography;
using Channels.Storage.Secrets;

namespace Channels.Storage.Tenants;

/// <summary>The operator's own key: makes tenants, and acts for any of them.</summary>
public sealed class OperatorKey
{
    private readonly byte[] _hash;

    private OperatorKey(string key, string? path)
    {
        _hash = KeyText.Hash(key);
        Path = path;
    }

    /// <summary>The file it stands in, to tell a person; null when it is configured.</summary>
    public string? Path { get; }

    /// <summary>From the configuration, else from <c>operator.key</c>, made where there is none.</summary>
    /// <exception cref="KeyException">It can be neither read nor made.</exception>
    internal static OperatorKey Load(KeyOptions options)
    {
        if (!string.IsNullOrWhiteSpace(options.OperatorKey))
        {
            return new(options.OperatorKey.Trim(), null);
        }

        var path = System.IO.Path.Combine(options.DataDirectory, "operator.key");
        var key = KeyFile.ReadOrMake(path, () => KeyText.Make(KeyText.OperatorPrefix));
        return key.Length > 0 ? new(key, path) : throw new KeyException($"{path}: empty. Delete it to have a new one made, or set Channels:OperatorKey.");
    }

    /// <summary>Whether this is it; takes the same time whatever is wrong.</summary>
    public bool Matches(string key) => CryptographicOperations.FixedTimeEquals(_hash, KeyText.Hash(key));

    /// <inheritdoc/>
    public override string ToString() => "operator key";
}
