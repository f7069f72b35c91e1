using System.Xml.Linq;

namespace Channels.Architecture.Tests;

/// <summary>References point inward. If you need the opposite arrow, an interface is missing in Core.</summary>
public sealed class ArrowTests
{
    private const string Runtime = "Orleans.InProcess";

    // Whom each project may name. Silo, the host, puts everything together.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        [Runtime] = [],
        ["Core"] = [Runtime],
        ["Agents"] = ["Core"],
        ["Connectors"] = ["Core"],
        ["Storage"] = ["Core"],
        ["Grains.Abstractions"] = ["Core"],
        ["Grains"] = ["Core", "Grains.Abstractions"],

        // Reads and writes what tenants own (Storage). Kinds and agents it sees through Core's interfaces (is this webhook genuine, are these
        // settings right); Connectors and Agents are named only where the front end is a process of its own and has to wire them itself.
        ["Api"] = ["Core", "Grains.Abstractions", "Storage", "Connectors", "Agents"],

        // An integrator as any other: it knows the HTTP API and none of us. What `new` writes names Core and the contract in text, not in references.
        ["Cli"] = [],
        ["Silo"] = ["Core", "Agents", "Api", "Connectors", "Grains", "Grains.Abstractions", "Storage", Runtime],
    };

    // Who may use the programming model of grains. Core may too, but only its serialisation attributes: see CoreTests.
    private static readonly HashSet<string> KnowsGrains = ["Core", "Grains.Abstractions", "Grains", "Api", "Silo"];

    public static TheoryData<string> Projects => [.. Directory.EnumerateDirectories(House.At("src")).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_file_names_only_whom_it_may_know(string project)
    {
        var file = XDocument.Load(House.At("src", project, $"{project}.csproj"));
        var named = file.Descendants("ProjectReference").Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));

        House.None(named.Except(AllowedFor(project)).Select(other => $"{project} must not reference {other}."));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Compiled_code_uses_only_whom_it_may_know(string project)
    {
        var used = House.AssemblyOf(project).GetReferencedAssemblies()
            .Select(reference => reference.Name!)
            .Where(name => name.StartsWith("Channels.", StringComparison.Ordinal))
            .Select(name => name["Channels.".Length..])
            .Where(other => other != Runtime || !KnowsGrains.Contains(project));

        House.None(used.Except(AllowedFor(project)).Select(other => $"{project} must not use {other}."));
    }

    [Fact]
    public void The_api_sees_kinds_and_agents_through_core_alone() => House.None(
        House.AssemblyOf("Api").GetReferencedAssemblies()
            .Where(name => name.Name is "Channels.Connectors" or "Channels.Agents")
            .Select(name => $"Api uses {name.Name}; only Program.Orleans.cs, which is not in this build, may."));

    private static string[] AllowedFor(string project) =>
        Allowed.TryGetValue(project, out var allowed) ? allowed : throw new InvalidOperationException($"src/{project} is new: say in {nameof(ArrowTests)} whom it may know.");
}
