using Channels.Api.Errors;
using Microsoft.AspNetCore.Http;

namespace Channels.Api.Requests;

/// <summary>Text nobody can keep: Postgres holds no NUL, and half a surrogate pair is no character.</summary>
internal static class BrokenText
{
    /// <summary>What is wrong with text that holds a NUL.</summary>
    public const string Nul = "must not contain the character NUL.";

    /// <summary>What is wrong with text that holds half of a surrogate pair.</summary>
    public const string HalfPair = "holds broken characters (half of a surrogate pair); write them anew.";

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

        // Most requests, and nearly all webhooks, have none.
        if (!request.QueryString.HasValue)
        {
            return complaints;
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
