using System.Text.Json;
using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Api.Idempotency;
using Channels.Api.Requests;
using Channels.Core.Connectors;
using Channels.Core.History;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using Channels.Storage.Channels;
using Channels.Storage.Queries;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Orleans;

namespace Channels.Api.History;

/// <summary>Bringing in what was said before a channel was connected.</summary>
internal static class HistoryEndpoints
{
    private const string About = """
        strategy new_only imports nothing; recent the newest messages, at most limit (100 unless given); all everything the gateway has, at most limit where one is
        given. Imported messages are marked as history: no agent answers them, no event tells of them, and what is here already is not doubled. One import at a time:
        while one runs it is answered again. It goes on over restarts, and stays behind what people write now.
        """;

    private const int DefaultRecent = 100;
    private const int MostLimit = 1_000_000;

    public static void MapHistory(this IEndpointRouteBuilder channels)
    {
        channels.MapPost("/{id:guid}/import-history", StartAsync).Repeatable().WithName("ImportHistory").WithSummary("Begins to import what the gateway has stored")
            .WithDescription(About.ReplaceLineEndings(" "));
        channels.MapGet("/{id:guid}/import-history", FindAsync).WithName("GetHistoryImport").WithSummary("How far the newest import has come");
        channels.MapDelete("/{id:guid}/import-history", CancelAsync).WithName("CancelHistoryImport").WithSummary("Ends the import that runs; what was imported stays");
    }

    private static async Task<Results<Accepted<HistoryStartedAnswer>, Problem>> StartAsync(
        Guid id, JsonBody<ImportHistory> body, Caller caller, ChannelStore channels, IConnectorCatalog connectors, IGrainFactory grains, CancellationToken cancellationToken)
    {
        if (await channels.FindAsync(caller.Tenant, new AccountId(id), cancellationToken) is not { } channel)
        {
            return Problem.NotFound;
        }

        if (connectors.Find(channel.Kind) is not IHistoryConnector)
        {
            return new Problem(ErrorCatalogue.WrongKind, $"Channels of kind {channel.Kind} have no history that can be asked for.");
        }

        if (StrategyOf(body.Value.Strategy ?? "recent") is not { } strategy)
        {
            return Problem.Field(ErrorCatalogue.InvalidFields, "strategy", "must be one of: new_only, recent, all.");
        }

        if (body.Value.Limit is { } limit && limit is < 1 or > MostLimit)
        {
            return Problem.Field(ErrorCatalogue.InvalidFields, "limit", $"must be a whole number from 1 to {MostLimit}.");
        }

        var most = body.Value.Limit ?? (strategy == HistoryStrategy.Recent ? DefaultRecent : null);
        var import = await grains.GetGrain<IHistoryImportGrain>(id).StartAsync(caller.Tenant, strategy, most, cancellationToken);
        var message = import.State switch
        {
            HistoryImportState.Done => "Nothing is imported: messages are recorded from now on.",
            _ when import.Read > 0 => $"An import is running already; {import.Read} messages are read.",
            _ => most is null ? "The import of everything the gateway has was begun." : $"The import of at most {most} messages was begun.",
        };
        return TypedResults.Accepted($"/api/v1/channels/{id}/import-history", new HistoryStartedAnswer(true, import.Id, message, Word(import.State)));
    }

    private static async Task<Results<Ok<HistoryImportAnswer>, Problem>> FindAsync(
        Guid id, Caller caller, ChannelStore channels, HistoryImportQueries imports, CancellationToken cancellationToken) =>
        await channels.FindAsync(caller.Tenant, new AccountId(id), cancellationToken) is not { } channel ? Problem.NotFound
        : await imports.FindAsync(caller.Tenant, channel.Account, cancellationToken) is { } import ? TypedResults.Ok(Answer(id, import))
        : new Problem(ErrorCatalogue.NotFound, "No history was ever imported into this channel; begin with POST.");

    private static async Task<Results<Ok<HistoryImportAnswer>, Problem>> CancelAsync(
        Guid id, Caller caller, ChannelStore channels, IGrainFactory grains, CancellationToken cancellationToken) =>
        await channels.FindAsync(caller.Tenant, new AccountId(id), cancellationToken) is null ? Problem.NotFound
        : await grains.GetGrain<IHistoryImportGrain>(id).CancelAsync(caller.Tenant, cancellationToken) is { } import ? TypedResults.Ok(Answer(id, import))
        : new Problem(ErrorCatalogue.NotFound, "No history was ever imported into this channel.");

    private static HistoryStrategy? StrategyOf(string word) => word switch
    {
        "new_only" => HistoryStrategy.NewOnly,
        "recent" => HistoryStrategy.Recent,
        "all" => HistoryStrategy.All,
        _ => null,
    };

    private static HistoryImportAnswer Answer(Guid channel, HistoryImport import) => new(
        import.Id, channel, Word(import.Strategy), import.Most, Word(import.State), import.Read, import.Reason, import.NextStep, import.StartedAt, import.UpdatedAt, import.EndedAt);

    private static string Word<TEnum>(TEnum value)
        where TEnum : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}

/// <summary>What is to be imported.</summary>
internal sealed record ImportHistory
{
    /// <summary><c>new_only, recent</c> or <c>all</c>; recent when left out.</summary>
    public string? Strategy { get; init; }

    /// <summary>Messages at the most.</summary>
    public int? Limit { get; init; }
}

/// <summary>The import was begun, or runs already.</summary>
/// <param name="Success">Always true: what is wrong is a problem.</param>
/// <param name="WorkflowId">The import's id.</param>
/// <param name="Message">What was begun, for people.</param>
/// <param name="State"><c>running</c>, or <c>done</c> where nothing was to be imported.</param>
internal sealed record HistoryStartedAnswer(bool Success, Guid WorkflowId, string Message, string State);

/// <summary>How far an import has come.</summary>
/// <param name="WorkflowId">The import's id.</param>
/// <param name="ChannelId">The channel.</param>
/// <param name="Strategy">What was asked for.</param>
/// <param name="Limit">Messages at the most; null for all there are.</param>
/// <param name="State"><c>running, done, cancelled</c> or <c>failed</c>.</param>
/// <param name="MessagesRead">Read so far, those that were here already among them.</param>
/// <param name="Reason">Why it waits or ended.</param>
/// <param name="NextStep">What to do.</param>
/// <param name="StartedAt">When it was asked for.</param>
/// <param name="UpdatedAt">When it moved last.</param>
/// <param name="EndedAt">When it ended.</param>
internal sealed record HistoryImportAnswer(
    Guid WorkflowId, Guid ChannelId, string Strategy, int? Limit, string State, long MessagesRead, string? Reason, string? NextStep, DateTimeOffset StartedAt,
    DateTimeOffset UpdatedAt, DateTimeOffset? EndedAt);
