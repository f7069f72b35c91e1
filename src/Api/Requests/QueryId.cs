using Channels.Api.Errors;
using Microsoft.AspNetCore.Http;

namespace Channels.Api.Requests;

/// <summary>An optional id in the query.</summary>
internal static class QueryId
{
    /// <summary>False when something is there that is no id.</summary>
    public static bool TryRead(HttpRequest request, string name, out Guid? id, out Problem? problem)
    {
        id = null;
        problem = null;
        var text = request.Query[name].ToString();
        if (text.Length == 0)
        {
            return true;
        }

        if (Guid.TryParse(text, out var parsed))
        {
            id = parsed;
            return true;
        }

        problem = Problem.Field(ErrorCatalogue.InvalidParameter, name, "must be an id (a UUID).");
        return false;
    }
}
