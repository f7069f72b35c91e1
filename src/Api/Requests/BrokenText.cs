using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Channels.Api.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace Channels.Api.Requests;

/// <summary>Text nobody can keep: Postgres holds no NUL, half a surrogate pair is no character, and neither are bytes that are no UTF-8.</summary>
internal static class BrokenText
{
    /// <summary>What is wrong with text that holds a NUL.</summary>
    public const string Nul = "must not contain the character NUL.";

    /// <summary>What is wrong with text that holds half of a surrogate pair.</summary>
    public const string HalfPair = "holds broken characters (half of a surrogate pair); write them anew.";

    /// <summary>What is wrong with a part of an address whose bytes are no UTF-8.</summary>
    public const string NotUtf8 = "holds bytes that are no UTF-8; encode it anew.";

    /// <summary>What is wrong with a part of an address as it was sent, still encoded; null when nothing is. Decoded, what is no character would be a replacement character, or stand there encoded.</summary>
    public static string? InEncoded(ReadOnlySpan<char> text)
    {
        if (!text.Contains('%'))
        {
            return null;
        }

        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var length = 0;
        while (text.Length > 0)
        {
            if (text is ['%', var high, var low, ..] && char.IsAsciiHexDigit(high) && char.IsAsciiHexDigit(low))
            {
                bytes[length++] = byte.Parse(text[1..3], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                text = text[3..];
            }
            else
            {
                length += Encoding.UTF8.GetBytes(text[..1], bytes.AsSpan(length));
                text = text[1..];
            }
        }

        return Utf8.IsValid(bytes.AsSpan(0, length)) ? null : NotUtf8;
    }

    /// <summary>What is wrong with it; null when nothing is.</summary>
    public static string? In(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            return Nul;
        }

        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
            {
                continue;
            }

            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
            {
                return HalfPair;
            }

            i++;
        }

        return null;
    }
}

/// <summary>Refuses such text in a request's path or query, whichever endpoint it is for: none needs to think of it.</summary>
/// <remarks>Not of webhooks, whose query nobody reads: what is refused with 400 never comes again. Behind routing, so that parts of the path have their names. Headers cannot hold it: the server refuses them. Of bodies see <see cref="JsonText"/>.</remarks>
internal sealed class RefuseBrokenText(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext http) => RunAsync(http, next);

    /// <summary>The same for an endpoint that nothing runs before.</summary>
    public static Task RunAsync(HttpContext http, RequestDelegate next)
    {
        var complaints = Complaints(http.Request);
        return complaints.Count == 0 ? next(http) : new Problem(ErrorCatalogue.InvalidParameter, null, complaints).ExecuteAsync(http);
    }

    // As it was sent: what the server decodes, it leaves encoded where it is no character.
    private static ReadOnlySpan<char> PathOf(HttpRequest request)
    {
        var target = request.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        return target.AsSpan(0, target.IndexOf('?', StringComparison.Ordinal) is var end and >= 0 ? end : target.Length);
    }

    private static List<FieldComplaint> Complaints(HttpRequest request)
    {
        List<FieldComplaint> complaints = [];
        foreach (var (name, value) in request.RouteValues)
        {
            if (value is string text && BrokenText.In(text) is { } wrong)
            {
                complaints.Add(new(name, wrong));
            }
        }

        if (complaints.Count == 0 && BrokenText.InEncoded(PathOf(request)) is { } inPath)
        {
            complaints.Add(new("(path)", inPath));
        }

        // Most requests, and nearly all webhooks, have none.
        if (!request.QueryString.HasValue)
        {
            return complaints;
        }

        foreach (var pair in new QueryStringEnumerable(request.QueryString.Value))
        {
            if (BrokenText.InEncoded(pair.EncodedName.Span) is not null)
            {
                complaints.Add(new("(name)", $"the name of a parameter {BrokenText.NotUtf8}"));
            }
            else if (BrokenText.InEncoded(pair.EncodedValue.Span) is { } broken)
            {
                complaints.Add(new(pair.DecodeName().ToString(), broken));
            }
        }

        foreach (var (name, values) in request.Query)
        {
            if (BrokenText.In(name) is { } inName)
            {
                complaints.Add(new("(name)", $"the name of a parameter {inName}"));
            }
            else if (values.Select(value => BrokenText.In(value ?? "")).FirstOrDefault(problem => problem is not null) is { } wrong)
            {
                complaints.Add(new(name, wrong));
            }
        }

        return complaints;
    }
}
