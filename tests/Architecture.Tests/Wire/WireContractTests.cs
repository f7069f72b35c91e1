using Orleans;
using Orleans.Serialization;

namespace Channels.Architecture.Tests.Wire;

/// <summary>What crosses a grain call is pinned: a change shows in review, and nobody breaks a rolling upgrade by renaming.</summary>
public sealed class WireContractTests
{
    private const string Accept = "CHANNELS_ACCEPT_WIRE";
    private static readonly string Pinned = House.At("src", "Grains.Abstractions", "WireContract.txt");

    private static WireContract Current { get; } = WireContract.Of(House.AssemblyOf("Grains.Abstractions"), House.AssemblyOf("Core"), House.AssemblyOf("Grains"));

    [Fact]
    public void It_is_what_was_agreed()
    {
        var current = Current.Text.ReplaceLineEndings("\n");
        if (Environment.GetEnvironmentVariable(Accept) == "1")
        {
            File.WriteAllText(Pinned, current);
        }

        var agreed = File.Exists(Pinned) ? File.ReadAllText(Pinned).ReplaceLineEndings("\n") : "";
        var (gone, come) = (agreed.Split('\n').Except(current.Split('\n')), current.Split('\n').Except(agreed.Split('\n')));

        Assert.True(
            agreed == current,
            $"""
            What crosses grain calls has changed. Silos and front ends of two versions run side by side during an upgrade: only add, never renumber or rename on the wire.
            If that is so, accept the change with {Accept}=1 and commit {House.Shown(Pinned)} with it (CONTRIBUTING.md, "The wire contract").
            {string.Join(Environment.NewLine, gone.Select(line => $"- {line}").Concat(come.Select(line => $"+ {line}")))}
            """);
    }

    [Fact]
    public void Everything_in_it_has_a_name_a_number_and_never_changes() => House.None(Current.Complaints);

    [Fact]
    public void Orleans_can_carry_all_of_it() => House.None(
        House.AssemblyOf("Grains.Abstractions").GetTypes().Where(type => type.IsInterface && type.IsAssignableTo(typeof(IGrain))).SelectMany(WireTypes.Complaints));

    [Fact]
    public void Grain_interfaces_live_in_the_contract_alone() => House.None(
        new[] { "Core", "Grains", "Api", "Storage", "Connectors", "Agents", "Silo" }
            .SelectMany(project => House.AssemblyOf(project).GetTypes())
            .Where(type => type.IsInterface && type.IsAssignableTo(typeof(IGrain)))
            .Select(type => $"{type.FullName}: grain interfaces belong to src/Grains.Abstractions."));

    [Fact]
    public void Our_exceptions_that_a_grain_may_throw_are_serialisable() => House.None(
        new[] { "Core", "Grains.Abstractions", "Grains", "Storage" }
            .SelectMany(project => House.AssemblyOf(project).GetTypes())
            .Where(type => type.IsAssignableTo(typeof(Exception)) && !type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false) && !NeverCrossing.ContainsKey(type.Name))
            .Select(type => $"{type.FullName} has no [GenerateSerializer]: out of a grain it would arrive as a CodecNotFoundException."));

    /// <summary>Exceptions that are always caught before a grain call ends, and where.</summary>
    private static readonly Dictionary<string, string> NeverCrossing = new()
    {
        ["BatchRefusedException"] = "the account grain's drain splits the batch or parks the row",
        ["ShareTakenException"] = "thrown to a tenant's request; grains read and write outside the shares",
        ["InboxFullException"] = "thrown to the webhook endpoint, which no grain is",
        ["EgressRefusedException"] = "inside an HttpRequestException, which connectors and agents turn into an outcome",
        ["EmbeddedPostgresException"] = "at the start of the process, before there are grains",
        ["MigrationException"] = "at the start of the process, before there are grains",
        ["FenceException"] = "at the start of the process, before there are grains",
        ["KeyException"] = "at the start of the process, before there are grains",
    };
}
