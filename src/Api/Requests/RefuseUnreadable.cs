using System.Globalization;
using System.Reflection;
using Channels.Api.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Channels.Api.Requests;

/// <summary>Answers with what is wrong with a parameter, so that handlers see only readable ones.</summary>
internal sealed class RefuseUnreadable : IEndpointFilter
{
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        // The server could not read a parameter, and says neither which nor why; filters run all the same, the handler would not.
        if (context.HttpContext.Response.StatusCode == StatusCodes.Status400BadRequest && OfQuery(context.HttpContext) is { Count: > 0 } complaints)
        {
            return new(new Problem(ErrorCatalogue.InvalidParameter, null, complaints));
        }

        foreach (var argument in context.Arguments)
        {
            if (argument is IChecked { Problem: { } problem })
            {
                return new(problem);
            }
        }

        return next(context);
    }

    private static List<FieldComplaint> OfQuery(HttpContext http)
    {
        var complaints = new List<FieldComplaint>();
        foreach (var parameter in http.GetEndpoint()?.Metadata.GetMetadata<MethodInfo>()?.GetParameters() ?? [])
        {
            var name = parameter.GetCustomAttribute<FromQueryAttribute>()?.Name ?? parameter.Name!;
            if (http.Request.Query.TryGetValue(name, out var given) && !IsReadable(parameter.ParameterType, given.ToString()))
            {
                complaints.Add(new(name, $"must be {JsonFields.WordFor(parameter.ParameterType)}."));
            }
        }

        return complaints;
    }

    private static bool IsReadable(Type type, string text) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var plain when plain == typeof(int) => int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out _),
        var plain when plain == typeof(long) => long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out _),
        var plain when plain == typeof(bool) => bool.TryParse(text, out _),
        _ => true,
    };
}
