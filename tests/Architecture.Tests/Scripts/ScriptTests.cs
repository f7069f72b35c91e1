using System.Diagnostics;

namespace Channels.Architecture.Tests.Scripts;

/// <summary>run.sh and what it needs of a machine, with stand-ins for the machine's programs: nothing is installed, nothing outside a temporary directory touched.</summary>
public sealed class ScriptTests : IDisposable
{
    private const string Locked = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 4711 (apt-get)";

    private readonly string _home = Directory.CreateTempSubdirectory("channels-scripts-").FullName;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public async Task While_another_program_updates_the_lists_the_installation_waits_and_says_so()
    {
        var (code, said, done) = await InstallAsync(update: $"[[ $(grep -c update done) -gt 2 ]] || {{ echo '{Locked}' >&2; return 100; }}");

        Assert.Equal(0, code);
        Assert.Equal(["true", "mkdir", "setting", "update", "update", "update", "install", "rm"], done);
        Assert.Contains("waiting for it, up to 5 minutes", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData($"echo '{Locked}' >&2; return 100", 60)]
    [InlineData("echo 'E: The repository has no Release file.' >&2; return 100", 0)]
    public async Task When_the_lists_cannot_be_updated_the_installation_is_tried_all_the_same(string update, int waits)
    {
        var (code, said, done) = await InstallAsync(update);

        Assert.Equal(0, code);
        Assert.Equal(waits + 1, done.Count(step => step == "update"));
        Assert.Equal(["install", "rm"], done[^2..]);
        Assert.Contains("apt-get update failed; trying the installation all the same", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("return 100")]
    [InlineData("kill -TERM $BASHPID; return 0")]
    public async Task An_installation_that_fails_or_is_interrupted_leaves_no_setting_behind(string install)
    {
        var (code, _, done) = await InstallAsync(install: install);

        Assert.NotEqual(0, code);
        Assert.Equal(["install", "rm"], done[^2..]);
    }

    [Fact]
    public async Task Whoever_may_not_become_root_is_told_what_root_has_to_type()
    {
        var (code, said, done) = await InstallAsync(becomeRoot: "echo 'sudo: a password is required' >&2; return 1");

        Assert.Equal(1, code);
        Assert.Equal(["true"], done);
        Assert.Contains("As root: apt-get update && apt-get install -y postgresql", said.Split('\n')[^1], StringComparison.Ordinal);
    }

    /// <summary>The program's own launcher would look for a runtime where installers put it, and nowhere else.</summary>
    [Fact]
    public async Task The_product_is_started_by_the_dotnet_that_built_it_wherever_that_lies()
    {
        Directory.CreateDirectory(Path.Combine(_home, "scripts"));
        foreach (var file in (string[])["run.sh", "global.json", "scripts/setup.sh"])
        {
            File.Copy(House.At(file), Path.Combine(_home, file));
        }

        File.WriteAllText(Path.Combine(_home, "dotnet"), "#!/bin/sh\necho \"$@\"\n");
        var (code, said) = await BashAsync("chmod +x dotnet; unset DOTNET_ROOT; export PATH=$PWD:$PATH ConnectionStrings__Channels=Host=nowhere; bash run.sh --urls http://127.0.0.1:0");

        Assert.Equal(0, code);
        Assert.EndsWith("Silo/release/Channels.Silo.dll --urls http://127.0.0.1:0", said, StringComparison.Ordinal);
    }

    /// <summary>Installs with stand-ins for what root does, and for the pauses; answers what root did.</summary>
    private async Task<(int Code, string Said, string[] Done)> InstallAsync(string update = ":", string install = ":", string becomeRoot = ":")
    {
        var (code, said) = await BashAsync($$"""
            set -euo pipefail
            source '{{House.At("scripts", "setup.sh")}}'
            sleep() { :; }
            as_root() {
              case "$*" in
                true) echo true >>done; {{becomeRoot}} ;;
                mkdir*) echo mkdir >>done ;;
                *create_main_cluster*) echo setting >>done ;;
                *apt-get*update) echo update >>done; {{update}} ;;
                *apt-get*install*) echo install >>done; {{install}} ;;
                rm*) echo rm >>done ;;
                *) echo "unexpected: $*" >>done ;;
              esac
            }
            install_postgres
            """);
        return (code, said, File.ReadAllLines(Path.Combine(_home, "done")));
    }

    private async Task<(int Code, string Said)> BashAsync(string script)
    {
        // One stream, so that the order of what was said is kept.
        var start = new ProcessStartInfo("bash", ["-c", $"exec 2>&1\n{script}"]) { WorkingDirectory = _home, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, said.TrimEnd());
    }
}
