using Channels.Api.Access;
using Channels.Api.Requests;
using Channels.Core.Media;
using Channels.Storage.Queries;
using Channels.Storage.Tenants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Ledger;

/// <summary>The books of what was acknowledged and what became of it.</summary>
internal static class LedgerEndpoints
{
    private const string About = """
        All figures are of one moment. They balance: webhooks: accepted = finished + waiting + parked. messages: received = answered + not_answered +
        in_progress + ended_before. replies: queued = sent + failed + unknown + waiting. Each side is counted where it happens, in different transactions:
        a difference above 0 is something that was taken and is nowhere, and problem says so. Everything dropped is under dropped with its reason:
        duplicates, events without a row of their own, and messages that were recorded and not answered (their number is not_answered). A webhook that is
        replayed counts as waiting again, not as accepted again. Imported history is not counted.
        """;

    public static void MapLedger(this IEndpointRouteBuilder app)
    {
        var ledger = app.MapApiGroup("/api/v1/ledger", "Ledger", Access.Access.Tenant);
        ledger.MapGet("/", ReadAsync).WithName("GetLedger").WithSummary("What was acknowledged and what became of it, in all and by channel; filter: channel_id")
            .WithDescription(About.ReplaceLineEndings(" "));
        var all = app.MapApiGroup("/api/v1/tenants/ledger", "Ledger", Access.Access.Operator);
        all.MapGet("/", ReadAllAsync).WithName("GetTenantsLedger").WithSummary("The same for every tenant, newest first; filter: search")
            .WithDescription(About.ReplaceLineEndings(" "));
    }

    private static async Task<Ok<LedgerAnswer>> ReadAsync(
        ChannelQuery channel, PageRequest page, Caller caller, LedgerQueries ledgers, IMediaStore media, CancellationToken cancellationToken)
    {
        var files = media.FindTrouble();
        var found = await ledgers.ReadAsync(caller.Tenant, channel.Account, page.Page, cancellationToken);
        var channels = found.Channels.Items.Select(one => new ChannelBookAnswer(one.Account.Value, one.Name, one.Kind, one.DeletedAt, BookAnswer.Of(one.Book, found.At, files)));
        return TypedResults.Ok(new LedgerAnswer(found.At, BookAnswer.Of(found.Total, found.At, files), [.. channels], found.Channels.Total, page.Page.Number, page.Page.Limit));
    }

    private static async Task<Ok<TenantLedgerAnswer>> ReadAllAsync(
        PageRequest page, string? search, TenantStore tenants, LedgerQueries ledgers, IMediaStore media, TimeProvider clock, CancellationToken cancellationToken)
    {
        var files = media.FindTrouble();
        var found = await tenants.ListAsync(search, page.Page, cancellationToken);
        var books = new List<TenantBookAnswer>();
        foreach (var tenant in found.Items)
        {
            // One by one, each as that tenant: each book is of one moment, and the fence between tenants stands here as well.
            var book = await ledgers.TotalAsync(tenant.Id, cancellationToken);
            books.Add(new(tenant.Id.Value, tenant.Name, tenant.SuspendedAt is not null, BookAnswer.Of(book, clock.GetUtcNow(), files)));
        }

        return TypedResults.Ok(new TenantLedgerAnswer(books, found.Total, page.Page.Number, page.Page.Limit));
    }
}
