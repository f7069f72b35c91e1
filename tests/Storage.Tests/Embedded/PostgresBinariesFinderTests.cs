using Channels.Storage.Embedded;
using Channels.Testing;

namespace Channels.Storage.Tests.Embedded;

public sealed class PostgresBinariesFinderTests
{
    private static readonly PostgresBinaries[] Installed = [new("/17", 17), new("/15", 15)];

    [Fact]
    public void A_new_cluster_is_made_by_the_newest() =>
        Assert.Equal(17, PostgresBinariesFinder.Choose(Installed, existingMajor: null, "data/pg").Major);

    [Fact]
    public void An_existing_cluster_is_served_by_its_own_version() =>
        Assert.Equal(15, PostgresBinariesFinder.Choose(Installed, existingMajor: 15, "data/pg").Major);

    [PostgresFact]
    public async Task The_machines_own_are_found_once_each()
    {
        var found = await PostgresBinariesFinder.FindAllAsync(told: null, CancellationToken.None);

        Assert.NotEmpty(found);
        Assert.Equal(found.Select(binaries => binaries.Directory).Distinct(), found.Select(binaries => binaries.Directory));
        Assert.Equal(found.OrderByDescending(binaries => binaries.Major), found);
    }

    [Fact]
    public async Task A_link_to_an_uninstalled_server_and_a_broken_program_are_none()
    {
        using var directory = TemporaryDirectory.Create();
        File.CreateSymbolicLink(directory.Combine("postgres"), directory.Combine("uninstalled"));
        await File.WriteAllTextAsync(directory.Combine("initdb"), "");
        Assert.Empty(await PostgresBinariesFinder.FindAllAsync(directory.Path, CancellationToken.None));

        await File.WriteAllTextAsync(directory.Combine("uninstalled"), "no program");

        Assert.Empty(await PostgresBinariesFinder.FindAllAsync(directory.Path, CancellationToken.None));
    }

    [Theory]
    [InlineData("ID=debian\n", null, "apt-get install -y postgresql")]
    [InlineData("ID=ubuntu\nID_LIKE=debian\n", 16, "apt-get install -y postgresql-16")]
    [InlineData("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", null, "dnf install -y postgresql-server")]
    [InlineData("ID=alpine\n", 17, "apk add postgresql17")]
    [InlineData("", null, "apt-get install -y postgresql")]
    public void The_install_command_is_this_systems(string release, int? major, string command) =>
        Assert.EndsWith(command, InstallCommand.For(release, major), StringComparison.Ordinal);
}
