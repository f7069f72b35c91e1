using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Api.Requests;
using Channels.Storage.Idempotency;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Api.Idempotency;

/// <summary>Makes a post that acts safe to repeat: the same <c>Idempotency-Key</c> and request get the same answer, and nothing is done twice.</summary>
/// <remarks>
/// Only answers of success are kept; after a refusal the key is free for the corrected request.
/// <paramref name="resumes"/> says that the handler derives its ids from the key: after a crash it is simply run again, instead of answering 409 for a while.
/// </remarks>
internal sealed class RepeatableRequest(bool resumes) : IEndpointFilter
{
    private const string Header = "Idempotency-Key";
    private const int LongestKey = 255;

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (!http.Request.Headers.TryGetValue(Header, out var given))
        {
            return await next(context);
        }

        var key = given.ToString();
        if (key.Length is 0 or > LongestKey || !key.All(letter => letter is > ' ' and < '\u007f'))
        {
            return Problem.Field(ErrorCatalogue.InvalidParameter, Header, $"must be 1 to {LongestKey} visible ASCII characters without spaces.");
        }

        var caller = context.Arguments.OfType<Caller>().Single();
        var store = http.RequestServices.GetRequiredService<IdempotencyStore>();
        var claim = await store.BeginAsync(caller.Tenant, key, HashOf(context), http.RequestAborted);
        return claim switch
        {
            IdempotencyClaim.Fresh fresh => await CarryOutAsync(context, next, store, new(key, fresh.Since)),
            IdempotencyClaim.UnderWay underWay when resumes => await CarryOutAsync(context, next, store, new(key, underWay.Since)),
            IdempotencyClaim.UnderWay => new Problem(ErrorCatalogue.IdempotencyUnderWay),
            IdempotencyClaim.Answered answered => Repeated(http, answered),
            _ => new Problem(ErrorCatalogue.IdempotencyKeyReused),
        };
    }

    private static async ValueTask<object?> CarryOutAsync(
        EndpointFilterInvocationContext context, EndpointFilterDelegate next, IdempotencyStore store, RequestKey key)
    {
        var http = context.HttpContext;
        var tenant = context.Arguments.OfType<Caller>().Single().Tenant;
        http.Features.Set(key);
        var result = await next(context);

        // From here on it is done: a caller who goes away must not undo the memory of it.
        if (Answer(result) is var (status, body))
        {
            await store.KeepAsync(tenant, key.Key, status, body, CancellationToken.None);
        }
        else
        {
            await store.DropAsync(tenant, key.Key, CancellationToken.None);
        }

        return result;
    }

    private static (int Status, string Body)? Answer(object? result)
    {
        var inner = result is INestedHttpResult nested ? nested.Result : result;
        return inner is IStatusCodeHttpResult { StatusCode: >= 200 and < 300 and var status }
            ? (status, inner is IValueHttpResult { Value: { } value } ? JsonSerializer.Serialize(value, value.GetType(), ApiJson.Options) : "")
            : null;
    }

    private static IResult Repeated(HttpContext http, IdempotencyClaim.Answered answered)
    {
        http.Response.Headers["Idempotency-Replayed"] = "true";
        return answered.Body.Length == 0 ? Results.StatusCode(answered.Status) : Results.Text(answered.Body, "application/json", Encoding.UTF8, answered.Status);
    }

    private static byte[] HashOf(EndpointFilterInvocationContext context)
    {
        var request = context.HttpContext.Request;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.Method} {request.Path}{request.QueryString}\n"));
        foreach (var body in context.Arguments.OfType<IRawBody>())
        {
            hash.AppendData(body.Raw.Span);
        }

        return hash.GetHashAndReset();
    }
}

/// <summary>The key of the request being carried out, and when it was first seen: what ids are derived from.</summary>
internal sealed record RequestKey(string Key, DateTimeOffset Since);

/// <summary>Adds it to an endpoint.</summary>
internal static class RepeatableRequestExtensions
{
    /// <summary>The endpoint honours <c>Idempotency-Key</c>.</summary>
    public static RouteHandlerBuilder Repeatable(this RouteHandlerBuilder endpoint, bool resumes = false) =>
        endpoint.AddEndpointFilter(new RepeatableRequest(resumes)).WithMetadata(new TakesIdempotencyKey());
}

/// <summary>Says in the API's description that the endpoint takes the header.</summary>
internal sealed record TakesIdempotencyKey;
