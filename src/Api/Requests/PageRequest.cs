using System.Globalization;
using System.Reflection;
using Channels.Api.Errors;
using Channels.Storage.Paging;
using Microsoft.AspNetCore.Http;

namespace Channels.Api.Requests;

/// <summary><c>page</c> and <c>limit</c> of a list. A limit above the most is taken as the most; the answer says what was used.</summary>
internal class PageRequest : IChecked
{
    public const int Usual = 50;
    public const int Most = 200;

    /// <summary>What to read.</summary>
    public Page Page { get; private init; }

    /// <inheritdoc/>
    public Problem? Problem { get; private init; }

    public static ValueTask<PageRequest?> BindAsync(HttpContext http, ParameterInfo parameter)
    {
        var most = parameter.GetCustomAttribute<MostAttribute>()?.Rows ?? Most;
        var complaints = new List<FieldComplaint>();
        var page = Read(http.Request.Query, "page", 1, complaints);
        var limit = Read(http.Request.Query, "limit", Usual, complaints);
        return new(complaints.Count > 0
            ? new PageRequest { Problem = new(ErrorCatalogue.InvalidParameter, null, complaints) }
            : new PageRequest { Page = new(page, Math.Min(limit, most)) });
    }

    internal static int Read(IQueryCollection query, string name, int usual, List<FieldComplaint> complaints)
    {
        if (!query.TryGetValue(name, out var given))
        {
            return usual;
        }

        if (int.TryParse(given.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1)
        {
            return number;
        }

        complaints.Add(new(name, "must be a whole number from 1."));
        return usual;
    }
}

/// <summary><c>limit</c> of a list that is read on by a cursor and has no pages. Otherwise as <see cref="PageRequest"/>.</summary>
internal sealed class LimitRequest : IChecked
{
    /// <summary>How many rows to read at the most.</summary>
    public int Limit { get; private init; }

    /// <inheritdoc/>
    public Problem? Problem { get; private init; }

    public static ValueTask<LimitRequest?> BindAsync(HttpContext http, ParameterInfo parameter)
    {
        var complaints = new List<FieldComplaint>();
        var limit = PageRequest.Read(http.Request.Query, "limit", PageRequest.Usual, complaints);
        return new(complaints.Count > 0
            ? new LimitRequest { Problem = new(ErrorCatalogue.InvalidParameter, null, complaints) }
            : new LimitRequest { Limit = Math.Min(limit, parameter.GetCustomAttribute<MostAttribute>()?.Rows ?? PageRequest.Most) });
    }
}

/// <summary>The most rows a page of this list may have.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class MostAttribute(int rows) : Attribute
{
    public int Rows => rows;
}
