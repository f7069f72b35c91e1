using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Channels.Bench.Sides;

/// <summary>Asks the product's process what it holds, through bench/HeapHook.</summary>
internal sealed class Heap(string socket)
{
    private const long Page = 4096;

    /// <summary>What the product must be started with.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["DOTNET_STARTUP_HOOKS"] = Builds.Program("HeapHook", "Channels.HeapHook.dll"),
        ["CHANNELS_BENCH_HEAP"] = socket,
    };

    /// <summary>Has the process collect all its garbage, then looks.</summary>
    public async Task<HeapUse> CollectAsync(OwnProcess process, CancellationToken cancellationToken)
    {
        using var caller = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await caller.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellationToken);
        var answer = new byte[100];
        var length = 0;
        while (await caller.ReceiveAsync(answer.AsMemory(length), cancellationToken) is > 0 and var read)
        {
            length += read;
        }

        var numbers = Encoding.ASCII.GetString(answer, 0, length).Split(' ');
        return new HeapUse(
            long.Parse(numbers[0], CultureInfo.InvariantCulture), long.Parse(numbers[1], CultureInfo.InvariantCulture),
            long.Parse(File.ReadAllText($"/proc/{process.Id}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Page);
    }
}

/// <summary>Bytes after a full collection.</summary>
/// <param name="Managed">In use on the managed heap.</param>
/// <param name="Committed">What the runtime keeps for that heap.</param>
/// <param name="Resident">The process's resident set, code and all.</param>
internal sealed record HeapUse(long Managed, long Committed, long Resident);
