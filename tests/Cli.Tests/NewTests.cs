using System.Diagnostics;
using System.Xml.Linq;
using Channels.Cli.New;
using Channels.Cli.Tests.Host;

namespace Channels.Cli.Tests;

public sealed class NewTests : IDisposable
{
    /// <summary>The contract lies beside this test, with all that it needs: what an installation for makers of kinds looks like.</summary>
    private static readonly string _core = AppContext.BaseDirectory;

    private readonly CommandRun _run = new();

    public void Dispose() => _run.Dispose();

    [Theory]
    [InlineData("webhook")]
    [InlineData("polling")]
    public async Task A_new_kind_keeps_every_promise_from_the_start(string template)
    {
        var ended = await _run.RunAsync("new", "sms-gate", "--template", template, "--core", _core);

        Assert.Equal(ExitCodes.Fine, ended.Code);
        var (code, said) = await DotnetTestAsync(Path.Combine(_run.Home, "SmsGate"));
        Assert.True(code == 0, said);
        Assert.Matches("Passed! +- Failed: +0, Passed: +[3-9][0-9]", said);
    }

    [Theory]
    [InlineData("webhook", new string[0])]
    [InlineData("polling", new[] { "Pigeon.Tests/PigeonPollingTests.cs", "Pigeon/PigeonPolling.cs" })]
    public async Task Its_files_are_those_of_its_neighbours_and_nothing_is_left_to_fill_in(string template, string[] further)
    {
        var ended = await _run.RunAsync("new", "Pigeon", "--template", template, "--core", _core, "--output", "loft", "--json");

        Assert.Equal("pigeon", ended.Json.GetProperty("kind").GetString());
        var folder = Path.Combine(_run.Home, "loft");
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToList();
        Assert.Equal(
            ((string[])
            [
                "Directory.Build.props", "Directory.Packages.props", "Pigeon.Tests/Pigeon.Tests.csproj", "Pigeon.Tests/PigeonContractTests.cs", "Pigeon.slnx", "Pigeon/Pigeon.csproj",
                "Pigeon/PigeonConnector.cs", "Pigeon/PigeonErrors.cs", "Pigeon/PigeonInbound.cs", "Pigeon/PigeonOutbound.cs", "Pigeon/README.md", "Pigeon/channel.json",
                "Pigeon/samples/index.json", "Pigeon/samples/nobody.json", "Pigeon/samples/text.json", .. further,
            ]).Order(StringComparer.Ordinal),
            files.Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/')).Order(StringComparer.Ordinal));
        Assert.All(files, file => Assert.DoesNotMatch("_Name_|__(id|Title|home|transport|xunit|runner|testsdk)__", File.ReadAllText(file)));
    }

    [Fact]
    public async Task Inside_the_repository_it_is_built_against_that_without_being_told()
    {
        var repository = Path.Combine(_run.Home, "channels");
        foreach (var project in (string[])["src/Core/Core.csproj", "tests/Connectors.Contract/Connectors.Contract.csproj"])
        {
            Directory.CreateDirectory(Path.Combine(repository, Path.GetDirectoryName(project)!));
            File.WriteAllText(Path.Combine(repository, project), "<Project />");
        }

        var ended = await _run.RunAsync("new", "Pigeon", "--core", repository, "--output", Path.Combine(repository, "kinds", "Pigeon"));

        Assert.Equal(ExitCodes.Fine, ended.Code);
        Assert.Contains(
            "<ChannelsHome Condition=\"'$(ChannelsHome)' == ''\">$(MSBuildThisFileDirectory)../..</ChannelsHome>",
            File.ReadAllText(Path.Combine(repository, "kinds", "Pigeon", "Directory.Build.props")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("9lives")]
    [InlineData("a b")]
    [InlineData("../up")]
    [InlineData("")]
    public async Task What_cannot_be_a_name_ends_with_2(string name)
    {
        var ended = await _run.RunAsync("new", name, "--core", _core);

        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_run.Home));
    }

    [Fact]
    public async Task Nothing_that_is_there_is_overwritten()
    {
        Directory.CreateDirectory(Path.Combine(_run.Home, "Pigeon"));
        _run.File("Pigeon/mine.txt", "mine");

        var ended = await _run.RunAsync("new", "Pigeon", "--core", _core);

        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(_run.Home, "Pigeon", "mine.txt")));
    }

    [Theory]
    [InlineData]
    [InlineData("--core", "nowhere")]
    [InlineData("--template", "pigeon_post")]
    public async Task Without_anything_to_build_against_it_ends_with_2(params string[] options)
    {
        var ended = await _run.RunAsync(["new", "Pigeon", .. options]);

        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_run.Home));
    }

    [Theory]
    [InlineData("SmsGate", "SmsGate", "sms_gate")]
    [InlineData("sms-gate", "SmsGate", "sms_gate")]
    [InlineData("sms_gate_2", "SmsGate2", "sms_gate_2")]
    [InlineData("SMSGate", "SMSGate", "sms_gate")]
    [InlineData("x", "X", "x")]
    public void A_name_has_one_form_for_types_and_one_for_the_API(string written, string pascal, string id)
    {
        var name = KindName.TryRead(written)!;

        Assert.Equal((pascal, id), (name.Pascal, name.Id));
    }

    [Fact]
    public void Its_tests_are_run_with_the_packages_the_contract_is_built_with()
    {
        var versions = XDocument.Load(Path.Combine(Root(), "Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(package => package.Attribute("Include")!.Value, package => package.Attribute("Version")!.Value);

        Assert.Equal(
            (versions["xunit"], versions["xunit.runner.visualstudio"], versions["Microsoft.NET.Test.Sdk"]), (TestPackages.Xunit, TestPackages.Runner, TestPackages.Sdk));
    }

    private static string Root()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at.FullName, "Channels.sln")))
        {
            at = at.Parent ?? throw new InvalidOperationException($"No Channels.sln above {AppContext.BaseDirectory}.");
        }

        return at.FullName;
    }

    private static async Task<(int Code, string Said)> DotnetTestAsync(string folder)
    {
        var start = new ProcessStartInfo(Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", "..", "dotnet")))
        {
            ArgumentList = { "test", "--disable-build-servers", "-nodeReuse:false", "-m:1" }, WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
        };

        // What this test process was started with must not steer that build.
        foreach (var inherited in start.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase) || name.StartsWith("VSTEST", StringComparison.OrdinalIgnoreCase) || name == "ChannelsHome").ToList())
        {
            start.Environment.Remove(inherited);
        }

        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(6));
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output + await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
