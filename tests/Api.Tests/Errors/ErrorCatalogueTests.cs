using Channels.Api.Errors;

namespace Channels.Api.Tests.Errors;

public sealed class ErrorCatalogueTests
{
    [Fact]
    public void The_document_lists_exactly_the_catalogue()
    {
        var rows = File.ReadAllLines(Path.Combine(RepositoryRoot(), "docs", "errors.md")).Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Where(line => line.Split('|').Length == 7);

        Assert.Equal(ErrorCatalogue.All.Select(Row), rows);
    }

    [Fact]
    public void Every_error_of_the_catalogue_is_listed_once() =>
        Assert.Equal(
            typeof(ErrorCatalogue).GetFields().Select(field => ((ApiError)field.GetValue(null)!).Code).Order(StringComparer.Ordinal),
            ErrorCatalogue.All.Select(error => error.Code).Order(StringComparer.Ordinal));

    private static string Row(ApiError error) =>
        $"| `{error.Code}` | {error.Status} | {(error.RetryAfter is { } seconds ? $"{seconds} s" : "")} | {error.Title} | {error.Remedy} |";

    private static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Channels.sln")))
        {
            directory = directory.Parent;
        }

        return directory.FullName;
    }
}
