using Microsoft.AspNetCore.Http;

namespace Channels.Api.Requests;

/// <summary>Answers with what is wrong with a parameter, so that handlers see only readable ones.</summary>
internal sealed class RefuseUnreadable : IEndpointFilter
{
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        foreach (var argument in context.Arguments)
        {
            if (argument is IChecked { Problem: { } problem })
            {
                return new(problem);
            }
        }

        return next(context);
    }
}
