using System.Collections.Immutable;
using System.IO.Enumeration;
using System.Text.Json;
using Channels.Cli.Api;

namespace Channels.Cli.Tail;

/// <summary>Which events are printed. The server hands out all of them; who filters here still stands behind each.</summary>
internal sealed record EventFilter(Guid? Account, ImmutableArray<string> Types)
{
    /// <summary>Types as they were written, with commas or without.</summary>
    public static ImmutableArray<string> TypesOf(IEnumerable<string> written) =>
        [.. written.SelectMany(types => types.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    public bool Takes(JsonElement happened) =>
        (Account is not { } account || (Guid.TryParse(happened.Text("channel_id"), out var channel) && channel == account))
        && (Types.IsEmpty || Types.Any(type => FileSystemName.MatchesSimpleExpression(type, happened.Text("type") ?? "", ignoreCase: false)));
}
