using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Api.Requests;
using Channels.Core.Ids;
using Channels.Storage.Idempotency;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Channels.Api.Idempotency;

/// <summary>Makes a post that acts safe to repeat: the same <c>Idempotency-Key</c> and request get the same answer, and nothing is done twice.</summary>
/// <remarks>
/// Only answers of success are kept; after a refusal the key is free for the corrected request.
/// An answer that the store cannot keep reaches its caller all the same, who may see a secret in it this once; repeated, it is 409 until the claim is over, and acts anew then.
/// Once begun it is carried out to its end, also when its caller goes away: whoever repeats the request finds the answer, instead of an attempt nobody knows the outcome of.
/// <paramref name="resumes"/> says that the handler derives its ids from the key: after a crash it is simply run again, instead of answering 409 for a while.
/// </remarks>
internal sealed partial class RepeatableRequest(bool resumes) : IEndpointFilter
{
    private const string Header = "Idempotency-Key";
    private const int LongestKey = 255;
    private const int AttemptsToSettle = 3;

    /// <summary>How long a request may take: while its key is its own, with time left to say so.</summary>
    private static readonly TimeSpan Longest = IdempotencyStore.Lease - TimeSpan.FromSeconds(30);

    /// <summary>How long its caller waits for an answer that cannot be kept; well within the time left above.</summary>
    private static readonly TimeSpan LongestToSettle = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan PauseToSettle = TimeSpan.FromMilliseconds(200);

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (!http.Request.Headers.TryGetValue(Header, out var given))
        {
            return await next(context);
        }

        if (given.Count > 1)
        {
            return Problem.Field(ErrorCatalogue.InvalidParameter, Header, "is given more than once; send one.");
        }

        var key = given.ToString();
        if (key.Length is 0 or > LongestKey || !key.All(letter => letter is > ' ' and < '\u007f'))
        {
            return Problem.Field(ErrorCatalogue.InvalidParameter, Header, $"must be 1 to {LongestKey} visible ASCII characters without spaces.");
        }

        var owner = http.Features.GetRequiredFeature<Caller>().ActsFor ?? IdempotencyStore.Operator;
        var store = http.RequestServices.GetRequiredService<IdempotencyStore>();
        using var limit = new CancellationTokenSource(Longest, http.RequestServices.GetRequiredService<TimeProvider>());
        try
        {
            var claim = await store.BeginAsync(owner, key, HashOf(context), limit.Token);
            return claim switch
            {
                IdempotencyClaim.Fresh fresh => await CarryOutAsync(context, next, store, owner, new(key, fresh.Since), fresh.ClaimedAt, limit.Token),
                IdempotencyClaim.UnderWay underWay when resumes => await CarryOutAsync(context, next, store, owner, new(key, underWay.Since), underWay.ClaimedAt, limit.Token),
                IdempotencyClaim.UnderWay => new Problem(ErrorCatalogue.IdempotencyUnderWay),
                IdempotencyClaim.Answered { Answer: var answer } => Repeated(http, answer),
                _ => new Problem(ErrorCatalogue.IdempotencyKeyReused),
            };
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new TimeoutException("A request with an idempotency key took too long.");
        }
    }

    private static async ValueTask<object?> CarryOutAsync(
        EndpointFilterInvocationContext context, EndpointFilterDelegate next, IdempotencyStore store, TenantId owner, RequestKey key, DateTimeOffset claimedAt,
        CancellationToken limit)
    {
        context.HttpContext.Features.Set(key);

        // The handler's token would be the connection's.
        for (var at = 0; at < context.Arguments.Count; at++)
        {
            if (context.Arguments[at] is CancellationToken)
            {
                context.Arguments[at] = limit;
            }
        }

        var result = await next(context);
        if (Answer(result) is var (status, value, location))
        {
            var body = value is null ? "" : JsonSerializer.Serialize(value, value.GetType(), ApiJson.Options);
            var sealedFor = value is IAboutTenant about ? about.Tenant : owner;
            await SettleAsync(context.HttpContext, patience => store.KeepAsync(owner, key.Key, new(status, body, location), sealedFor, claimedAt, patience));
        }
        else
        {
            await SettleAsync(context.HttpContext, patience => store.DropAsync(owner, key.Key, claimedAt, patience));
        }

        return result;
    }

    // What was done is done, and what was refused is refused: that the store fails now must not turn either into "nothing was done".
    private static async Task SettleAsync(HttpContext http, Func<CancellationToken, Task> settle)
    {
        var clock = http.RequestServices.GetRequiredService<TimeProvider>();
        using var patience = new CancellationTokenSource(LongestToSettle, clock);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await settle(patience.Token);
                return;
            }
            catch (Exception failure)
            {
                if (attempt == AttemptsToSettle || patience.IsCancellationRequested)
                {
                    Log.NotSettled(http.RequestServices.GetRequiredService<ILogger<RepeatableRequest>>(), http.TraceIdentifier, failure.GetType().Name);
                    return;
                }
            }

            await Task.Delay(PauseToSettle * attempt, clock, CancellationToken.None);
        }
    }

    // Where it leads to is not said by an interface: every such result has it under the same name.
    private static (int Status, object? Value, string? Location)? Answer(object? result)
    {
        var inner = result is INestedHttpResult nested ? nested.Result : result;
        return inner is IStatusCodeHttpResult { StatusCode: >= 200 and < 300 and var status }
            ? (status, (inner as IValueHttpResult)?.Value, inner.GetType().GetProperty(nameof(Created.Location))?.GetValue(inner) as string)
            : null;
    }

    private static IResult Repeated(HttpContext http, KeptAnswer answer)
    {
        http.Response.Headers["Idempotency-Replayed"] = "true";
        http.Response.Headers.Location = answer.Location;
        return answer.Body.Length == 0 ? Results.StatusCode(answer.Status) : Results.Text(answer.Body, "application/json", Encoding.UTF8, answer.Status);
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

    private static partial class Log
    {
        [LoggerMessage(1131, LogLevel.Warning, "How request {TraceId} ended could not be kept under its idempotency key ({Failure}); its caller was answered, and repeated after two minutes it acts anew")]
        public static partial void NotSettled(ILogger logger, string traceId, string failure);
    }
}

/// <summary>The key of the request being carried out, and when it was first seen: what ids are derived from.</summary>
internal sealed record RequestKey(string Key, DateTimeOffset Since);

/// <summary>An answer to the operator that is kept under the tenant it is about: the operator has no data key.</summary>
internal interface IAboutTenant
{
    /// <summary>Which.</summary>
    TenantId Tenant { get; }
}

/// <summary>Adds it to an endpoint.</summary>
internal static class RepeatableRequestExtensions
{
    /// <summary>The endpoint honours <c>Idempotency-Key</c>.</summary>
    public static RouteHandlerBuilder Repeatable(this RouteHandlerBuilder endpoint, bool resumes = false) =>
        endpoint.AddEndpointFilter(new RepeatableRequest(resumes)).WithMetadata(new TakesIdempotencyKey());
}

/// <summary>Says in the API's description that the endpoint takes the header.</summary>
internal sealed record TakesIdempotencyKey;
