using Channels.Api.Errors;
using Channels.Core.Ids;
using Microsoft.AspNetCore.Http;

namespace Channels.Api.Requests;

/// <summary><c>channel_id</c> in the query: the one channel that is asked about.</summary>
internal sealed class ChannelQuery : IChecked
{
    public const string Name = "channel_id";

    /// <summary>Which; null when none was named.</summary>
    public AccountId? Account { get; private init; }

    /// <inheritdoc/>
    public Problem? Problem { get; private init; }

    public static ValueTask<ChannelQuery?> BindAsync(HttpContext http)
    {
        var text = http.Request.Query[Name].ToString();
        return new(
            text.Length == 0 ? new ChannelQuery()
            : Guid.TryParse(text, out var id) ? new ChannelQuery { Account = new AccountId(id) }
            : new ChannelQuery { Problem = Problem.Field(ErrorCatalogue.InvalidParameter, Name, "must be an id (a UUID).") });
    }
}
