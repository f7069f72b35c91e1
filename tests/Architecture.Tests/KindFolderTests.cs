namespace Channels.Architecture.Tests;

/// <summary>A channel kind is one folder with the same files as its neighbours: who has read one finds the way in all.</summary>
public sealed class KindFolderTests
{
    /// <summary>The simulator has no provider: nothing to send to, no errors to translate, no bodies of somebody else's to name.</summary>
    private static readonly Dictionary<string, string[]> Exceptions = new()
    {
        ["Simulator"] = ["SimulatorOutbound.cs", "SimulatorErrors.cs", "SimulatorPayloads.cs"],
    };

    public static TheoryData<string> Kinds =>
        [.. Directory.EnumerateDirectories(House.At("src", "Connectors")).Where(folder => File.Exists(Path.Combine(folder, "channel.json"))).Select(folder => Path.GetFileName(folder)!)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_kind_has_its_files(string kind)
    {
        string[] wanted = [$"{kind}Connector.cs", $"{kind}Inbound.cs", $"{kind}Outbound.cs", $"{kind}Errors.cs", $"{kind}Payloads.cs", "README.md", "samples/index.json"];
        var excused = Exceptions.GetValueOrDefault(kind, []);

        House.None(wanted.Except(excused).Where(file => !Exists(kind, file)).Select(file => $"src/Connectors/{kind}/{file} is missing."));
        House.None(excused.Where(file => Exists(kind, file)).Select(file => $"src/Connectors/{kind}/{file} is there: its exception can go."));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void All_its_code_carries_its_name(string kind) => House.None(
        House.Sources("src", "Connectors", kind).Where(file => !Path.GetFileName(file).StartsWith(kind, StringComparison.Ordinal)).Select(file => $"{House.Shown(file)}: starts with another name than {kind}."));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Nobody_elses_code_names_it(string kind) => House.None(
        House.Sources("src")
            .Where(file => !House.Shown(file).StartsWith($"src/Connectors/{kind}/", StringComparison.Ordinal))
            .Where(file => File.ReadAllText(file).Contains($"Connectors.{kind}", StringComparison.Ordinal))
            .Select(file => $"{House.Shown(file)} names {kind}: adding a kind must change nobody else's file."));

    private static bool Exists(string kind, string file) => File.Exists(House.At("src", "Connectors", kind, Path.Combine(file.Split('/'))));
}
