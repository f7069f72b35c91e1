using Channels.Api.Access;
using Channels.Api.Errors;
using Channels.Api.Idempotency;
using Channels.Api.Requests;
using Channels.Core.Ids;
using Channels.Core.Knowledge;
using Channels.Storage.Knowledge;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Knowledge;

/// <summary>A tenant's documents that agents answer from, and the search as agents do it.</summary>
internal static class KnowledgeEndpoints
{
    private const int UsualPassages = 5;
    private const int MostPassages = 20;

    public static void MapKnowledge(this IEndpointRouteBuilder app)
    {
        var knowledge = app.MapApiGroup("/api/v1/knowledge", "Knowledge", Access.Access.Tenant);
        knowledge.MapPost("/documents", AddAsync).Repeatable(resumes: true).WithName("AddDocument").WithSummary("Keeps a document; agents find it from now on");
        knowledge.MapGet("/documents", ListAsync).WithName("ListDocuments").WithSummary("Documents by collection and title, without their content; filters: collection, search (in titles)");
        knowledge.MapGet("/documents/{id:guid}", FindAsync).WithName("GetDocument").WithSummary("One document with its content");
        knowledge.MapPut("/documents/{id:guid}", ReplaceAsync).WithName("ReplaceDocument").WithSummary("Replaces a document whole, under the same id");
        knowledge.MapDelete("/documents/{id:guid}", DeleteAsync).WithName("DeleteDocument").WithSummary("Takes a document away; no agent finds it any more");
        knowledge.MapGet("/search", SearchAsync).WithName("SearchKnowledge")
            .WithSummary("What an agent would find for a question (q), and how well it matches; filters: collection, language; limit, at the most 20");
    }

    private static async Task<Results<Created<DocumentAnswer>, Problem>> AddAsync(
        JsonBody<SaveDocument> body, HttpContext http, Caller caller, KnowledgeStore documents, DocumentReader reader, IdSource ids, CancellationToken cancellationToken)
    {
        var reading = await reader.ReadAsync(body.Value, cancellationToken);
        if (reading is not DocumentFormReading.Accepted { Draft: var draft })
        {
            return Refused(reading);
        }

        // With a key the id follows from it: however often this runs, one document is kept.
        var id = http.Features.Get<RequestKey>() is { } key ? DerivedId.From(caller.Tenant, key.Key, key.Since) : ids.Next();
        return await documents.AddAsync(caller.Tenant, id, draft, cancellationToken) is KnowledgeWrite.Written { Document: var kept }
            ? TypedResults.Created($"/api/v1/knowledge/documents/{kept.Id}", DocumentAnswer.Of(kept) with { Content = null })
            : TitleTaken;
    }

    private static async Task<Ok<DocumentList>> ListAsync(
        PageRequest page, string? collection, string? search, Caller caller, KnowledgeStore documents, CancellationToken cancellationToken)
    {
        var found = await documents.ListAsync(caller.Tenant, Given(collection), search, page.Page, cancellationToken);
        return TypedResults.Ok(new DocumentList([.. found.Items.Select(DocumentAnswer.Of)], found.Total, page.Page.Number, page.Page.Limit));
    }

    private static async Task<Results<Ok<DocumentAnswer>, Problem>> FindAsync(Guid id, Caller caller, KnowledgeStore documents, CancellationToken cancellationToken) =>
        await documents.FindAsync(caller.Tenant, id, cancellationToken) is { } document ? TypedResults.Ok(DocumentAnswer.Of(document)) : Problem.NotFound;

    private static async Task<Results<Ok<DocumentAnswer>, Problem>> ReplaceAsync(
        Guid id, JsonBody<SaveDocument> body, Caller caller, KnowledgeStore documents, DocumentReader reader, CancellationToken cancellationToken)
    {
        var reading = await reader.ReadAsync(body.Value, cancellationToken);
        if (reading is not DocumentFormReading.Accepted { Draft: var draft })
        {
            return Refused(reading);
        }

        return await documents.ReplaceAsync(caller.Tenant, id, draft, cancellationToken) switch
        {
            KnowledgeWrite.Written written => TypedResults.Ok(DocumentAnswer.Of(written.Document) with { Content = null }),
            KnowledgeWrite.TitleTaken => TitleTaken,
            _ => Problem.NotFound,
        };
    }

    private static async Task<Results<NoContent, Problem>> DeleteAsync(Guid id, Caller caller, KnowledgeStore documents, CancellationToken cancellationToken) =>
        await documents.DeleteAsync(caller.Tenant, id, cancellationToken) ? TypedResults.NoContent() : Problem.NotFound;

    private static async Task<Results<Ok<PassageList>, Problem>> SearchAsync(
        string? q, string? collection, string? language, int? limit, Caller caller, KnowledgeStore documents, CancellationToken cancellationToken)
    {
        var complaints = new List<FieldComplaint>();
        if (string.IsNullOrWhiteSpace(q))
        {
            complaints.Add(new("q", "is missing; give the question as a contact would ask it."));
        }

        if (limit is < 1)
        {
            complaints.Add(new("limit", "must be a whole number from 1."));
        }

        var only = Given(language) is { } tag ? DocumentForm.Language("language", tag, complaints) : null;
        if (complaints.Count > 0)
        {
            return new Problem(ErrorCatalogue.InvalidParameter, null, complaints);
        }

        var query = new KnowledgeQuery(q!) { Collections = Given(collection) is { } name ? [name] : [], Language = only, Most = Math.Min(limit ?? UsualPassages, MostPassages) };
        var found = await documents.SearchAsync(caller.Tenant, query, cancellationToken);
        return TypedResults.Ok(new PassageList([.. found.Select(PassageAnswer.Of)]));
    }

    private static Problem TitleTaken => Problem.Field(ErrorCatalogue.TitleTaken, "title", "is another document's of this collection.");

    private static Problem Refused(DocumentFormReading reading) => new(ErrorCatalogue.InvalidFields, null, ((DocumentFormReading.Refused)reading).Complaints);

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
