using System.Reflection;
using System.Text.Json;
using System.Text.Unicode;
using Channels.Api.Errors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace Channels.Api.Requests;

/// <summary>A request's JSON object, read so that every complaint comes at once and names its field.</summary>
/// <remarks>
/// Unknown fields are ignored, so that a client may be newer than the server; inside <c>config</c> the kind's schema is strict.
/// A member that stands twice is refused wherever it stands: which of the two is meant, nobody can say.
/// The content type is not asked about: a key in a header cannot be sent by a foreign web page, and curl users forget it.
/// </remarks>
internal sealed class JsonBody<T> : IReadBody<T>, IChecked, IRawBody, IEndpointParameterMetadataProvider
    where T : class
{
    private const int Limit = 1 << 20;
    private T? _value;

    /// <summary>The request. Only after <see cref="RefuseUnreadable"/> let it through.</summary>
    public T Value => _value ?? throw new InvalidOperationException("The body was refused.");

    /// <inheritdoc/>
    public Problem? Problem { get; private init; }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Raw { get; private init; }

    /// <inheritdoc/>
    public IReadOnlyList<FieldComplaint> Misread { get; private init; } = [];

    private JsonElement Root { get; init; }

    /// <inheritdoc/>
    public bool Has(string field) => Root.ValueKind == JsonValueKind.Object && Root.TryGetProperty(field, out _);

    public static async ValueTask<JsonBody<T>?> BindAsync(HttpContext http) =>
        http.Request.Headers.ContentEncoding.ToString() is { Length: > 0 } packed && !packed.Equals("identity", StringComparison.OrdinalIgnoreCase) ? new() { Problem = Problem.Field(ErrorCatalogue.UnsupportedMediaType, "Content-Encoding", "must be absent: bodies are not unpacked here.") }
        : await BoundedBody.ReadAsync(http, Limit) is { } bytes ? Read(bytes)
        : new() { Problem = new(ErrorCatalogue.TooLarge) };

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata(AnyContentType.AsJson, typeof(T), isOptional: !RequestNeeds.IsRefusedEmpty(typeof(T))));

    internal static JsonBody<T> Read(byte[] bytes)
    {
        // An empty body is an empty object: posts that need no field need no body.
        var json = bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes;
        if (json.Length == 0)
        {
            json = "{}"u8.ToArray();
        }

        if (!Utf8.IsValid(json.Span))
        {
            return Refused(ErrorCatalogue.MalformedJson, "The body is not UTF-8.", bytes);
        }

        JsonElement root;
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = ApiJson.MaxDepth });
            root = document.RootElement.Clone();
        }
        catch (JsonException wrong)
        {
            return Refused(ErrorCatalogue.MalformedJson, $"Line {wrong.LineNumber + 1}, byte {wrong.BytePositionInLine + 1}.", bytes);
        }

        return root.ValueKind == JsonValueKind.Object
            ? Checked(root, bytes)
            : Refused(ErrorCatalogue.MalformedJson, "The body must be a JSON object.", bytes);
    }

    private static JsonBody<T> Checked(JsonElement root, byte[] bytes)
    {
        var complaints = JsonText.Check(root);
        if (complaints.Count == 0)
        {
            complaints = RepeatedMembers.Check(root);
        }

        if (complaints.Count > 0)
        {
            return new() { Problem = new(ErrorCatalogue.InvalidFields, null, complaints), Raw = bytes };
        }

        var misread = JsonFields.Check(typeof(T), root);
        return misread.Count > 0 && !typeof(T).IsDefined(typeof(ReadOnAttribute))
            ? new() { Problem = new(ErrorCatalogue.InvalidFields, null, misread), Raw = bytes }
            : new() { _value = JsonFields.Read<T>(root, misread), Root = root, Raw = bytes, Misread = misread };
    }

    private static JsonBody<T> Refused(ApiError error, string detail, byte[] bytes) => new() { Problem = new(error, detail), Raw = bytes };
}

/// <summary>A body that may be handled, as a reader of several requests sees it.</summary>
internal interface IReadBody<out T>
{
    /// <summary>The request.</summary>
    T Value { get; }

    /// <summary>What is wrong with members that were left out of the value; only of a request that is read on all the same (<see cref="ReadOnAttribute"/>), and then its reader's to tell.</summary>
    IReadOnlyList<FieldComplaint> Misread { get; }

    /// <summary>Whether the field is in the body at all: absent and <c>null</c> mean different things in a partial change.</summary>
    bool Has(string field);
}

/// <summary>A request that is read on when members have the wrong type or are missing, so that its reader can tell everything at once. What it requires are texts.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ReadOnAttribute : Attribute;

/// <summary>A body whose bytes are still known.</summary>
internal interface IRawBody
{
    /// <summary>As it was sent.</summary>
    ReadOnlyMemory<byte> Raw { get; }
}
