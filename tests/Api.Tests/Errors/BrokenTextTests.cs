using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Channels.Api.Requests;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Errors;

/// <summary>NUL and halves of surrogate pairs, in the path and the query of every endpoint there is.</summary>
public sealed partial class BrokenTextTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresFact]
    public async Task Every_endpoint_refuses_them_and_names_the_parameter()
    {
        var client = host.Operator();
        client.DefaultRequestHeaders.Add("X-Tenant-Id", (await host.TenantAsync()).Id.ToString());
        var operations = await OperationsAsync(client);
        Assert.True(operations.Count > 50, $"Only {operations.Count} endpoints are described.");

        foreach (var (method, path, parameters) in operations)
        {
            var plain = PathParameter().Replace(path, "01900000-0000-7000-8000-000000000000");
            foreach (var parameter in parameters.Append("unheard_of"))
            {
                var answer = await AskAsync(client, method, $"{plain}?{Uri.EscapeDataString(parameter)}=a%00b");
                if (method == "POST" && path.Contains("/webhooks/", StringComparison.Ordinal) && !path.StartsWith("/api/v1", StringComparison.Ordinal))
                {
                    // A provider's post: nobody reads its query, and what is refused with 400 never comes again.
                    Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
                    continue;
                }

                Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{method} {plain}?{parameter}: {answer.StatusCode}");
                Assert.Equal([parameter], (await answer.ProblemAsync(400, "invalid_parameter")).Fields());

                var half = await AskAsync(client, method, $"{plain}?{Uri.EscapeDataString(parameter)}=%ED%A0%80");
                Assert.Equal([parameter], (await half.ProblemAsync(400, "invalid_parameter")).Fields());
            }

            if (plain != path)
            {
                Assert.Equal(HttpStatusCode.BadRequest, (await AskAsync(client, method, PathParameter().Replace(path, "a%00b"))).StatusCode);
            }
        }
    }

    [PostgresFact]
    public async Task A_name_may_not_hold_them_either()
    {
        var problem = await (await (await host.TenantAsync()).Http.GetAsync("/api/v1/channels?a%00b=1")).ProblemAsync(400, "invalid_parameter");

        Assert.Equal(["(name)"], problem.Fields());
    }

    [Fact]
    public void What_can_be_kept_is_told_from_what_cannot()
    {
        Assert.All(["", "plain", "a boat: \ud83d\udea2", "\ud83d\udea2\ud83d\udea2"], text => Assert.Null(BrokenText.In(text)));
        Assert.Equal(BrokenText.Nul, BrokenText.In("a\0b"));
        Assert.All(["\ud83d", "\udea2\ud83d", "\ud83d\udea2\udea2", "\ud83d x"], text => Assert.Equal(BrokenText.HalfPair, BrokenText.In(text)));
    }

    private static Task<HttpResponseMessage> AskAsync(HttpClient client, string method, string path) => client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

    private static async Task<List<(string Method, string Path, List<string> Query)>> OperationsAsync(HttpClient client)
    {
        var document = await (await client.GetAsync("/openapi/v1.json")).JsonAsync();
        return
        [
            .. document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => (
                operation.Name.ToUpperInvariant(), path.Name,
                operation.Value.TryGetProperty("parameters", out var parameters)
                    ? parameters.EnumerateArray().Where(IsInQuery).Select(parameter => parameter.GetProperty("name").GetString()!).ToList()
                    : new List<string>()))),
        ];
    }

    private static bool IsInQuery(JsonElement parameter) => parameter.GetProperty("in").GetString() == "query";

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex PathParameter();
}
