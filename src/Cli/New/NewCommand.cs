using System.CommandLine;
using System.Text.Json.Nodes;
using Channels.Cli.Output;
using Channels.Cli.Settings;

namespace Channels.Cli.New;

/// <summary><c>channels new</c>: a channel kind of one's own, with tests that run at once. Asks no server.</summary>
internal static class NewCommand
{
    private const string Core = "Channels.Core.dll";
    private const string Contract = "Channels.Connectors.Contract.dll";

    public static Command Create(ServerOptions options)
    {
        var name = new Argument<string>("name") { Description = "The kind's name, for example SmsGate or sms-gate" };
        var template = new Option<string>("--template") { Description = "How its messages arrive: the provider posts them, or they are fetched", DefaultValueFactory = _ => KindTemplate.All[0] };
        var output = new Option<string?>("--output") { Description = "Where to. Default: a folder of its name", HelpName = "folder" };
        var core = new Option<string?>("--core")
        {
            Description = $"What it is built against: the root of Channels' repository, or a folder with {Core} and {Contract}. Default: the repository this is run in",
            HelpName = "folder",
        };
        template.AcceptOnlyFromAmong([.. KindTemplate.All]);
        var command = new Command("new", "Makes a channel kind of your own: a project, samples, and tests of what every kind promises, green from the start.") { name, template, output, core };
        command.SetAction(parse =>
        {
            var report = options.ReportOf(parse);
            return KindName.TryRead(parse.GetValue(name)!) is { } kind
                ? Make(report, options.Here, kind, parse.GetValue(template)!, parse.GetValue(output), parse.GetValue(core))
                : report.Misuse("This cannot be a kind's name.", "Begin with a letter; letters and digits, words parted by - or _: SmsGate, sms-gate.");
        });
        return command;
    }

    private static int Make(Report report, Surroundings here, KindName name, string template, string? output, string? core)
    {
        var folder = here.At(output ?? name.Pascal);
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            return report.Misuse($"{folder} is there already, and not empty.", "Name another with --output.");
        }

        if ((core is null ? RepositoryAbove(here.WorkingDirectory) : here.At(core)) is not { } home)
        {
            return report.Misuse("This is no place inside Channels' repository.", $"Say with --core where that is, or where {Core} and {Contract} are.");
        }

        if (!IsRepository(home) && !(File.Exists(Path.Combine(home, Core)) && File.Exists(Path.Combine(home, Contract))))
        {
            return report.Misuse(
                $"{home} is neither the root of Channels' repository nor a folder with {Core} and {Contract}.",
                "In the repository, 'dotnet build tests/Connectors.Contract -c Release -o <folder>' makes such a folder.");
        }

        try
        {
            foreach (var (path, text) in KindTemplate.Files(template, name, Written(home, folder)))
            {
                var file = Path.Combine(folder, path);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                File.WriteAllText(file, text);
            }
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            return report.Misuse($"{folder} cannot be written.", "Name another with --output.");
        }

        report.Document(new JsonObject { ["kind"] = name.Id, ["template"] = template, ["folder"] = folder, ["core"] = home });
        report.Line($"Made the kind {name.Id} in {folder}.");
        report.Line($"  To do: dotnet test {folder}; then read {Path.Combine(folder, name.Pascal, "README.md")}");
        return ExitCodes.Fine;
    }

    // Inside the repository the two move together; from elsewhere only the whole path leads there.
    private static string Written(string home, string folder) =>
        Path.GetRelativePath(home, folder) is var below && !below.StartsWith("..", StringComparison.Ordinal) && !Path.IsPathRooted(below)
            ? $"$(MSBuildThisFileDirectory){Path.GetRelativePath(folder, home).Replace('\\', '/')}"
            : home.Replace('\\', '/').TrimEnd('/');

    private static bool IsRepository(string folder) =>
        File.Exists(Path.Combine(folder, "src", "Core", "Core.csproj")) && File.Exists(Path.Combine(folder, "tests", "Connectors.Contract", "Connectors.Contract.csproj"));

    private static string? RepositoryAbove(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
        {
            if (IsRepository(at.FullName))
            {
                return at.FullName;
            }
        }

        return null;
    }
}
