namespace Orleans.Runtime;

/// <summary>Which grain: its type and its key, written <c>type/key</c>.</summary>
/// <remarks>
/// The type is the class name in lower case without the suffix "Grain"; the key is a string as given, a Guid as 32 hex digits, or a
/// number in upper-case hex.
/// </remarks>
[GenerateSerializer, Immutable]
public readonly record struct GrainId
{
    private GrainId(string type, string key) => (TypeName, KeyText) = (type, key);

    [Id(0)]
    internal string TypeName => field ?? "";

    [Id(1)]
    internal string KeyText => field ?? "";

    public static GrainId Create(string type, string key) => new(type, key);

    public static GrainId Parse(string value) => value.IndexOf('/', StringComparison.Ordinal) is var slash and > 0
        ? new(value[..slash], value[(slash + 1)..])
        : throw new FormatException($"'{value}' is not a grain id; it needs the form type/key.");

    // Written out because it runs for every call: keys tell grains apart, types hardly do.
    public bool Equals(GrainId other) => KeyText == other.KeyText && TypeName == other.TypeName;

    public override int GetHashCode() => (KeyText.GetHashCode(StringComparison.Ordinal) * 31) + TypeName.Length;

    public override string ToString() => $"{TypeName}/{KeyText}";
}
