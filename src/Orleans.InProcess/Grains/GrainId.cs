namespace Orleans.Runtime;

/// <summary>The name of a grain class as it is stored: lower case, without the suffix "Grain".</summary>
[GenerateSerializer, Immutable]
public readonly struct GrainType : IEquatable<GrainType>
{
    [Id(0)]
    private readonly string? _name;

    internal GrainType(string name) => _name = name;

    /// <summary>Makes a grain type of its name.</summary>
    public static GrainType Create(string value) => new(value);

    /// <inheritdoc/>
    public bool Equals(GrainType other) => _name == other._name;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is GrainType other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _name?.GetHashCode(StringComparison.Ordinal) ?? 0;

    /// <inheritdoc/>
    public override string? ToString() => _name;

    /// <summary>Same name.</summary>
    public static bool operator ==(GrainType left, GrainType right) => left.Equals(right);

    /// <summary>Another name.</summary>
    public static bool operator !=(GrainType left, GrainType right) => !left.Equals(right);
}

/// <summary>A grain's key as text: a string key as given, a Guid as 32 hex digits, a number in upper-case hex.</summary>
[GenerateSerializer, Immutable]
public readonly struct IdSpan : IEquatable<IdSpan>
{
    [Id(0)]
    private readonly string? _text;

    internal IdSpan(string text) => _text = text;

    /// <summary>Makes a key of its text.</summary>
    public static IdSpan Create(string id) => new(id);

    /// <inheritdoc/>
    public bool Equals(IdSpan other) => _text == other._text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is IdSpan other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _text?.GetHashCode(StringComparison.Ordinal) ?? 0;

    /// <inheritdoc/>
    public override string? ToString() => _text;

    /// <summary>Same text.</summary>
    public static bool operator ==(IdSpan left, IdSpan right) => left.Equals(right);

    /// <summary>Another text.</summary>
    public static bool operator !=(IdSpan left, IdSpan right) => !left.Equals(right);
}

/// <summary>Which grain: its type and its key, written <c>type/key</c>.</summary>
[GenerateSerializer, Immutable]
public readonly struct GrainId : IEquatable<GrainId>
{
    [Id(0)]
    private readonly string? _type;

    [Id(1)]
    private readonly string? _key;

    private GrainId(string type, string key) => (_type, _key) = (type, key);

    /// <summary>The grain class.</summary>
    public GrainType Type => new(TypeName);

    /// <summary>The key within the class.</summary>
    public IdSpan Key => new(KeyText);

    /// <summary>Whether this is no identity at all.</summary>
    public bool IsDefault => _type is null;

    internal string TypeName => _type ?? "";

    internal string KeyText => _key ?? "";

    /// <summary>Makes an identity of type and key.</summary>
    public static GrainId Create(string type, string key) => new(type, key);

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static GrainId Parse(string value) => value.IndexOf('/', StringComparison.Ordinal) is var slash and > 0
        ? new(value[..slash], value[(slash + 1)..])
        : throw new FormatException($"'{value}' is not a grain id; it needs the form type/key.");

    /// <inheritdoc/>
    public bool Equals(GrainId other) => _key == other._key && _type == other._type;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is GrainId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (KeyText.GetHashCode(StringComparison.Ordinal) * 31) + TypeName.Length;

    /// <inheritdoc/>
    public override string ToString() => $"{_type}/{_key}";

    /// <summary>Same grain.</summary>
    public static bool operator ==(GrainId left, GrainId right) => left.Equals(right);

    /// <summary>Another grain.</summary>
    public static bool operator !=(GrainId left, GrainId right) => !left.Equals(right);
}
