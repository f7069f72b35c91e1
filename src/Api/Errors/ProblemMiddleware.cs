using Channels.Storage.Database;
using Channels.Core;
using Channels.Core.Inbox;
using Channels.Core.Media;
using Channels.Storage.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Api.Errors;

/// <summary>Turns whatever ends a request into problem details: exceptions, and statuses the server sets without a body.</summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception failure) when (!http.Response.HasStarted)
        {
            http.Response.Clear();
            await Translated(http, failure).ExecuteAsync(http);
            return;
        }

        if (http.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
        {
            await new Problem(ErrorCatalogue.ForStatus(http.Response.StatusCode)).ExecuteAsync(http);
        }
    }

    private Problem Translated(HttpContext http, Exception failure)
    {
        switch (failure)
        {
            case BadHttpRequestException bad:
                return new(ErrorCatalogue.ForStatus(bad.StatusCode));
            case InboxFullException:
                return new(ErrorCatalogue.InboxFull);
            case MediaUnavailableException full:
                return new(ErrorCatalogue.MediaUnavailable, full.Message);
            case ShareTakenException taken:
                return new(ErrorCatalogue.StoreUnavailable, taken.Message);
            case PostgresException { SqlState: ['2', '2', ..] }:
                return new(ErrorCatalogue.InvalidFields, "A value cannot be kept as it is: it is out of range or of a form the store does not know.");
            case var _ when StoreFaults.IsUnavailable(failure) && failure is not TimeoutException:
                return new(ErrorCatalogue.StoreUnavailable);
            case TimeoutException:
                Log.TimedOut(logger, http.TraceIdentifier);
                return new(ErrorCatalogue.Busy);
            case var _ when failure.GetType().Namespace?.StartsWith("Orleans", StringComparison.Ordinal) == true:
                Log.NoSilo(logger, failure.GetType().Name, http.TraceIdentifier);
                return new(ErrorCatalogue.Busy);
            default:
                Log.Failed(logger, failure, http.TraceIdentifier);
                return new(ErrorCatalogue.InternalError);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1101, LogLevel.Error, "Request {TraceId} failed")]
        public static partial void Failed(ILogger logger, Exception failure, string traceId);

        [LoggerMessage(1102, LogLevel.Warning, "A grain did not answer request {TraceId} in time")]
        public static partial void TimedOut(ILogger logger, string traceId);

        [LoggerMessage(1103, LogLevel.Warning, "No grain could be called for request {TraceId} ({Problem})")]
        public static partial void NoSilo(ILogger logger, string problem, string traceId);
    }
}
