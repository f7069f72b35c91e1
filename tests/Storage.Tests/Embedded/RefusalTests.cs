using Channels.Storage.Embedded;
using Channels.Testing;

namespace Channels.Storage.Tests.Embedded;

public sealed class RefusalTests : IDisposable
{
    private readonly TemporaryDirectory _home = TemporaryDirectory.Create();

    private string Data => _home.Combine("data");

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Without_binaries_the_operator_reads_what_to_type()
    {
        var nowhere = Directory.CreateDirectory(_home.Combine("nowhere")).FullName;

        var refused = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => EmbeddedServer.StartAsync(Data, options => options.BinariesDirectory = nowhere));

        Assert.Equal(EmbeddedPostgresProblem.NoBinaries, refused.Code);
        Assert.Contains(InstallCommand.ForThisSystem(), refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(Data, "pg")));
    }

    [PostgresFact]
    public async Task Data_of_another_major_version_is_left_alone()
    {
        await ClusterTemplate.CopyToAsync(Data);
        await File.WriteAllTextAsync(Path.Combine(Data, "pg", "PG_VERSION"), "9\n");

        var refused = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => EmbeddedServer.StartAsync(Data));

        Assert.Equal(EmbeddedPostgresProblem.WrongVersion, refused.Code);
        Assert.Contains("made by PostgreSQL 9", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Channels__DataDirectory", refused.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_that_cannot_be_made_is_named_together_with_its_setting()
    {
        await File.WriteAllTextAsync(_home.Combine("file"), "not a directory");

        var refused = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => EmbeddedServer.StartAsync(_home.Combine("file", "data")));

        Assert.Equal(EmbeddedPostgresProblem.DataDirectoryUnusable, refused.Code);
        Assert.Contains(_home.Combine("file", "data"), refused.Message, StringComparison.Ordinal);
        Assert.Contains("Channels__DataDirectory", refused.Remedy, StringComparison.Ordinal);
    }

    [RootPostgresFact]
    public async Task A_directory_that_the_user_may_not_write_is_named_together_with_its_setting()
    {
        string[] asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
        Directory.CreateDirectory(Data);

        await using var host = await HostUnderTest.StartAsync(Data, runAs: asNobody);

        Assert.StartsWith($"failed {EmbeddedPostgresProblem.DataDirectoryUnusable}", host.FirstLine, StringComparison.Ordinal);
        Assert.Contains("Channels__DataDirectory", host.FirstLine, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Somebody_elses_files_in_the_place_of_the_database_are_left_alone()
    {
        Directory.CreateDirectory(Path.Combine(Data, "pg"));
        await File.WriteAllTextAsync(Path.Combine(Data, "pg", "letter.txt"), "dear");

        var refused = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => EmbeddedServer.StartAsync(Data));

        Assert.Equal(EmbeddedPostgresProblem.DataDirectoryUnusable, refused.Code);
        Assert.Equal("dear", await File.ReadAllTextAsync(Path.Combine(Data, "pg", "letter.txt")));
    }

    [RootPostgresFact]
    public async Task A_copy_that_belongs_to_root_is_refused_with_the_command_that_helps()
    {
        await ClusterTemplate.CopyToAsync(Data);
        await ShellCommand.RunAsync(["chown", "-R", "root:root", Path.Combine(Data, "pg")], CancellationToken.None);

        var refused = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => EmbeddedServer.StartAsync(Data));

        Assert.Contains("chown -R postgres:", refused.Remedy, StringComparison.Ordinal);
    }

    [RootPostgresFact]
    public async Task A_backup_put_back_where_its_user_cannot_reach_it_is_refused_with_the_command_that_helps()
    {
        await ClusterTemplate.CopyToAsync(Data);
        await ShellCommand.RunAsync(["chmod", "0700", _home.Path], CancellationToken.None);

        var refused = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => EmbeddedServer.StartAsync(Data));

        Assert.Equal(EmbeddedPostgresProblem.DataDirectoryUnusable, refused.Code);
        var moved = await ShellCommand.ShellAsync(refused.Remedy.Split(": ")[1], [], CancellationToken.None);
        Assert.True(moved.Succeeded, moved.Said);
        await using (var postgres = await EmbeddedServer.StartAsync(Data))
        {
            Assert.Equal("1", await EmbeddedServer.AskAsync(postgres.ConnectionString, "select 1"));
        }

        Directory.Delete(new DirectoryInfo(Path.Combine(Data, "pg")).LinkTarget!, recursive: true);
    }

    [Theory]
    [InlineData("PANIC:  could not write to file \"pg_wal/xlogtemp.1\": No space left on device", EmbeddedPostgresProblem.DiskFull)]
    [InlineData("FATAL:  could not extend file \"base/1/2691\": wrote only 4096 of 8192 bytes at block 20\nHINT:  Check free disk space.", EmbeddedPostgresProblem.DiskFull)]
    [InlineData("initdb: error: could not create directory: Permission denied", EmbeddedPostgresProblem.DataDirectoryUnusable)]
    [InlineData("install: cannot create directory: Read-only file system", EmbeddedPostgresProblem.DataDirectoryUnusable)]
    [InlineData("FATAL:  something nobody has seen yet", EmbeddedPostgresProblem.StartFailed)]
    public void What_the_system_said_becomes_a_problem_with_a_remedy(string said, string code)
    {
        var trouble = Trouble.From(EmbeddedPostgresProblem.StartFailed, "Starting", said);

        Assert.Equal(code, trouble.Code);
        Assert.Contains(said.Split('\n')[0], trouble.Message, StringComparison.Ordinal);
        Assert.Contains("Channels__DataDirectory", trouble.Remedy, StringComparison.Ordinal);
    }
}
