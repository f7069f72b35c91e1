using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Channels.Architecture.Tests;

/// <summary>What <c>Dockerfile</c> and <c>docker-compose.yml</c> name is there: where no container can be built, a misspelt name would be seen by whoever starts the cluster first.</summary>
public sealed partial class ImageTests
{
    private static readonly string[] _dockerfile = File.ReadAllLines(House.At("Dockerfile"));

    [Fact]
    public void Every_project_that_the_images_are_made_of_is_copied_before_packages_are_restored()
    {
        var beforeRestore = _dockerfile.TakeWhile(line => !line.StartsWith("RUN dotnet restore", StringComparison.Ordinal)).ToList();
        Assert.True(beforeRestore.Count < _dockerfile.Length, "The Dockerfile restores nothing.");
        var copied = beforeRestore.Select(line => CopiedProjects().Match(line)).Where(match => match.Success).Select(match => match.Groups["project"].Value).ToList();
        Assert.All(copied, project => Assert.Contains($"COPY src/{project}/*.csproj src/{project}/", beforeRestore));

        Assert.Equal(Needed("Silo").Union(Needed("Api")).Order(StringComparer.Ordinal), copied.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_file_that_is_copied_by_its_name_is_there()
    {
        var named = _dockerfile.Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from=", StringComparison.Ordinal) && !line.Contains('*', StringComparison.Ordinal))
            .SelectMany(line => line.Split(' ')[1..^1]).ToList();

        Assert.Contains("Directory.Packages.props", named);
        Assert.All(named, name => Assert.True(Path.Exists(House.At(name)), $"{name} is copied into the image and is not there."));
    }

    [Fact]
    public void Every_file_that_all_projects_are_built_with_is_in_the_image()
    {
        var copied = _dockerfile.Where(line => line.StartsWith("COPY ", StringComparison.Ordinal)).SelectMany(line => line.Split(' ')[1..^1]).ToList();
        string[] shared = ["global.json", "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "nuget.config", "NuGet.config", "BannedSymbols.txt", ".editorconfig"];

        Assert.All(shared.Where(name => File.Exists(House.At(name))), name => Assert.Contains(name, copied));
    }

    [Theory]
    [InlineData("silo", "Silo")]
    [InlineData("api", "Api")]
    public void Each_image_starts_the_program_that_was_published_into_it(string stage, string project)
    {
        var lines = _dockerfile.SkipWhile(line => line != $"FROM base AS {stage}").Skip(1).TakeWhile(line => !line.StartsWith("FROM ", StringComparison.Ordinal)).ToList();
        var name = XDocument.Load(House.At("Directory.Build.props")).Descendants("AssemblyName").Single().Value.Replace("$(MSBuildProjectName)", project, StringComparison.Ordinal);

        Assert.Contains($"COPY --from=build /out/{stage} ./", lines);
        Assert.Contains($"ENTRYPOINT [\"./{name}\"]", lines);
        Assert.Contains($"dotnet publish src/{project} -c Release -p:ChannelsRuntime=Orleans -o /out/{stage}", string.Join('\n', _dockerfile), StringComparison.Ordinal);
    }

    [Fact]
    public void Compose_builds_stages_that_there_are_and_asks_for_health_where_they_listen()
    {
        var compose = File.ReadAllText(House.At("docker-compose.yml"));
        var targets = Targets().Matches(compose).Select(match => match.Groups["stage"].Value).ToList();
        Assert.Equal(["silo", "api"], targets);
        Assert.All(targets, stage => Assert.Contains($"FROM base AS {stage}", _dockerfile));

        var listening = Listening().Matches(string.Join('\n', _dockerfile)).Select(match => match.Groups["port"].Value).ToList();
        var asked = Asked().Matches(compose).Select(match => match.Groups["port"].Value).ToList();
        Assert.Equal(["7070", "8080"], listening.Order(StringComparer.Ordinal));
        Assert.Equal(listening.Order(StringComparer.Ordinal), asked.Order(StringComparer.Ordinal));
        Assert.Contains("\"8080:8080\"", compose, StringComparison.Ordinal);
    }

    // By the projects' own references, those of the default build alone left out.
    private static HashSet<string> Needed(string project)
    {
        var references = XDocument.Load(House.At("src", project, $"{project}.csproj")).Descendants("ProjectReference")
            .Where(reference => reference.Parent!.Attribute("Condition")?.Value.Contains("'InProcess'", StringComparison.Ordinal) != true)
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));
        return [project, .. references.SelectMany(Needed)];
    }

    [GeneratedRegex(@"^COPY src/(?<project>[\w.]+)/\*\.csproj ")]
    private static partial Regex CopiedProjects();

    [GeneratedRegex(@"target: (?<stage>\w+)")]
    private static partial Regex Targets();

    [GeneratedRegex(@"ASPNETCORE_URLS=http://[\d.]+:(?<port>\d+)")]
    private static partial Regex Listening();

    [GeneratedRegex(@"/dev/tcp/127\.0\.0\.1/(?<port>\d+) ")]
    private static partial Regex Asked();
}
