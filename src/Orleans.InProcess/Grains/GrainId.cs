namespace Orleans.Runtime;

/// <summary>The name of a grain class as it is stored: lower case, without the suffix "Grain".</summary>
[GenerateSerializer, Immutable]
public readonly record struct GrainType
{
    [Id(0)]
    private readonly string? _name;

    private GrainType(string name) => _name = name;

    public static GrainType Create(string value) => new(value);

    public override string? ToString() => _name;
}

/// <summary>A grain's key as text: a string key as given, a Guid as 32 hex digits, a number in upper-case hex.</summary>
[GenerateSerializer, Immutable]
public readonly record struct IdSpan
{
    [Id(0)]
    private readonly string? _text;

    private IdSpan(string text) => _text = text;

    public static IdSpan Create(string id) => new(id);

    public override string? ToString() => _text;
}

/// <summary>Which grain: its type and its key, written <c>type/key</c>.</summary>
[GenerateSerializer, Immutable]
public readonly record struct GrainId
{
    [Id(0)]
    private readonly string? _type;

    [Id(1)]
    private readonly string? _key;

    private GrainId(string type, string key) => (_type, _key) = (type, key);

    public GrainType Type => GrainType.Create(TypeName);

    public IdSpan Key => IdSpan.Create(KeyText);

    public bool IsDefault => _type is null;

    internal string TypeName => _type ?? "";

    internal string KeyText => _key ?? "";

    public static GrainId Create(string type, string key) => new(type, key);

    public static GrainId Parse(string value) => value.IndexOf('/', StringComparison.Ordinal) is var slash and > 0
        ? new(value[..slash], value[(slash + 1)..])
        : throw new FormatException($"'{value}' is not a grain id; it needs the form type/key.");

    // Written out because it runs for every call: keys tell grains apart, types hardly do.
    public bool Equals(GrainId other) => _key == other._key && _type == other._type;

    public override int GetHashCode() => (KeyText.GetHashCode(StringComparison.Ordinal) * 31) + TypeName.Length;

    public override string ToString() => $"{_type}/{_key}";
}
