using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Knowledge;

public sealed class KnowledgeTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string Documents = "/api/v1/knowledge/documents";

    [PostgresFact]
    public async Task A_document_is_kept_listed_read_and_found()
    {
        var tenant = await host.TenantAsync();
        const string Content = "# Lieferung\nWir liefern **täglich**.\n\n# Zahlung\nMit Karte.";

        var added = await tenant.Http.PostAsJsonAsync(Documents, new { collection = " faq ", title = "Fragen", language = "DE-at", content = Content });
        var kept = await added.JsonAsync(HttpStatusCode.Created);
        var path = $"{Documents}/{kept.GetProperty("id").GetGuid()}";
        var listed = await (await tenant.Http.GetAsync($"{Documents}?collection=faq&search=fra")).JsonAsync();
        var read = await (await tenant.Http.GetAsync(path)).JsonAsync();
        var found = await SearchAsync(tenant, "q=t%C3%A4gliche%20Lieferungen");

        Assert.Equal(path, added.Headers.Location?.ToString());
        Assert.Equal(("faq", "de-at", "german", "markdown", 2), (Text(kept, "collection"), Text(kept, "language"), Text(kept, "read_as"), Text(kept, "format"), kept.GetProperty("passages").GetInt32()));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Content))), Text(kept, "content_hash"));
        Assert.Equal((1, 1), (listed.GetProperty("documents").GetArrayLength(), listed.GetProperty("total").GetInt32()));
        Assert.False(listed.GetProperty("documents")[0].TryGetProperty("content", out _));
        Assert.Equal(Content, Text(read, "content"));
        Assert.Equal(("Lieferung", "Wir liefern täglich.", 1d), (Text(found[0], "headings"), Text(found[0], "text"), found[0].GetProperty("match").GetDouble()));
        Assert.Equal(kept.GetProperty("id").GetGuid(), found[0].GetProperty("document_id").GetGuid());
    }

    [PostgresFact]
    public async Task A_document_is_replaced_whole_and_deleted()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.AddDocumentAsync("Delivery is free.", language: "de");

        var replaced = await (await tenant.Http.PutAsJsonAsync($"{Documents}/{id}", new { collection = "shop", title = "Payment", format = "text", content = "# By card" })).JsonAsync();
        var oldWords = await SearchAsync(tenant, "q=delivery");
        var newWords = await SearchAsync(tenant, "q=card");
        var deleted = await tenant.Http.DeleteAsync($"{Documents}/{id}");

        Assert.Equal(("shop", "Payment", "en", "text"), (Text(replaced, "collection"), Text(replaced, "title"), Text(replaced, "language"), Text(replaced, "format")));
        Assert.Empty(oldWords);
        Assert.Equal("# By card", Text(Assert.Single(newWords), "text"));
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await (await tenant.Http.GetAsync($"{Documents}/{id}")).ProblemAsync(404, "not_found");
        Assert.Empty(await SearchAsync(tenant, "q=card"));
    }

    [PostgresFact]
    public async Task A_search_shows_what_an_agent_would_find_and_is_narrowed_by_collection_language_and_limit()
    {
        var tenant = await host.TenantAsync();
        await tenant.AddDocumentAsync("El menu cuesta diez.", "es", "shop", "es");
        await tenant.AddDocumentAsync("O menu custa dez.", "pt", "shop", "pt-BR");
        await tenant.AddDocumentAsync("Menu of the staff.", "staff", "internal", "en");

        Assert.Equal(3, (await SearchAsync(tenant, "q=menu")).Count);
        Assert.Equal(["pt"], (await SearchAsync(tenant, "q=menu&collection=shop&language=PT")).Select(passage => Text(passage, "title")));
        Assert.Single(await SearchAsync(tenant, "q=menu&limit=1"));
        Assert.NotEmpty(await SearchAsync(tenant, "q=menu&limit=21"));
        Assert.Equal(0.5, Assert.Single(await SearchAsync(tenant, "q=staff%20car")).GetProperty("match").GetDouble());
        Assert.Empty(await SearchAsync(tenant, "q=%F0%9F%91%8D"));
    }

    [PostgresTheory]
    [InlineData("", "q")]
    [InlineData("q=%20", "q")]
    [InlineData("q=a%00b", "q")]
    [InlineData("q=x&language=german%20language", "language")]
    [InlineData("q=x&limit=0", "limit")]
    public async Task A_search_that_cannot_be_made_names_the_parameter(string query, string field)
    {
        var tenant = await host.TenantAsync();

        var problem = await (await tenant.Http.GetAsync($"/api/v1/knowledge/search?{query}")).ProblemAsync(400, "invalid_parameter");

        Assert.Equal([field], problem.Fields());
    }

    [PostgresTheory]
    [InlineData("""{}""", "collection", "title", "content")]
    [InlineData("""{"collection":"","title":" ","content":""}""", "collection", "title", "content")]
    [InlineData("""{"collection":"faq","title":"a\nb","content":"x","language":"german language","format":"html"}""", "title", "language", "format")]
    [InlineData("""{"collection":"faq","title":"t","content":"# Only a heading"}""", "content")]
    [InlineData("""{"collection":"faq","title":"t","content":"a\u0000b"}""", "content")]
    [InlineData("""{"collection":"faq","title":5,"content":[]}""", "title", "content")]
    public async Task Everything_that_is_wrong_with_a_document_is_named_at_once(string json, params string[] fields)
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.AddDocumentAsync();

        foreach (var (method, path) in new[] { (HttpMethod.Post, Documents), (HttpMethod.Put, $"{Documents}/{id}") })
        {
            var problem = await (await tenant.Http.SendJsonAsync(method, path, json)).ProblemAsync(422, "invalid_fields");

            Assert.Equal(fields.Order(), problem.Fields().Order());
        }
    }

    [PostgresFact]
    public async Task A_document_that_is_too_large_is_refused_with_the_limit()
    {
        var tenant = await host.TenantAsync();

        var problem = await (await tenant.Http.PostAsJsonAsync(Documents, new { collection = "faq", title = "t", content = new string('x', 1 << 20) })).ProblemAsync(413, "too_large");

        Assert.Contains("1 MB", Text(problem, "remedy"), StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task A_title_stands_once_in_a_collection()
    {
        var (tenant, other) = (await host.TenantAsync(), await host.TenantAsync());
        await tenant.AddDocumentAsync();
        var second = await tenant.AddDocumentAsync(title: "second");
        await tenant.AddDocumentAsync(collection: "other");
        await other.AddDocumentAsync();
        var same = JsonSerializer.Serialize(new { collection = "faq", title = "Delivery", content = "x" });

        var added = await (await tenant.Http.SendJsonAsync(HttpMethod.Post, Documents, same)).ProblemAsync(409, "title_taken");
        var replaced = await (await tenant.Http.SendJsonAsync(HttpMethod.Put, $"{Documents}/{second}", same)).ProblemAsync(409, "title_taken");

        Assert.Equal(["title"], added.Fields());
        Assert.Equal(["title"], replaced.Fields());
    }

    [PostgresFact]
    public async Task The_same_request_many_times_at_once_keeps_one_document()
    {
        var tenant = await host.TenantAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
        {
            var request = new HttpRequestMessage(HttpMethod.Post, Documents) { Content = Asking.Json("""{"collection":"faq","title":"t","content":"x"}""") };
            request.Headers.Add("Idempotency-Key", "document-1");
            return tenant.Http.SendAsync(request);
        }));

        var ids = await Task.WhenAll(answers.Select(async answer => (await answer.JsonAsync(HttpStatusCode.Created)).GetProperty("id").GetGuid()));
        Assert.Single(ids.Distinct());
        Assert.Equal(1, (await (await tenant.Http.GetAsync(Documents)).JsonAsync()).GetProperty("total").GetInt32());
    }

    [PostgresFact]
    public async Task Without_a_key_nothing_is_shown_and_no_words_reach_the_log()
    {
        var tenant = await host.TenantAsync();
        await tenant.AddDocumentAsync("zebraword in a document", "zebratitle");
        await SearchAsync(tenant, "q=zebraword");

        await (await host.Client().GetAsync(Documents)).ProblemAsync(401, "unauthenticated");
        await (await host.Operator().GetAsync(Documents)).ProblemAsync(400, "tenant_required");
        host.Logs.AssertAbsent("zebra");
    }

    private static async Task<IReadOnlyList<JsonElement>> SearchAsync(TenantUnderTest tenant, string query) =>
        [.. (await (await tenant.Http.GetAsync($"/api/v1/knowledge/search?{query}")).JsonAsync()).GetProperty("passages").EnumerateArray()];

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
