using System.Reflection;
using Channels.Testing;

namespace Channels.Proof;

/// <summary>The wall clock of the product's process, moved while it runs. The product has no such setting: a startup hook of .NET brings it in.</summary>
internal sealed class MovableClock : IDisposable
{
    private static readonly string Hook = typeof(MovableClock).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == "ClockHook").Value!;
    private static readonly TimeSpan Noticed = TimeSpan.FromMilliseconds(500);

    private readonly TemporaryDirectory _directory = TemporaryDirectory.Create();

    public MovableClock(TimeSpan offset) => Write(offset);

    /// <summary>Environment of the product's process.</summary>
    public IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["DOTNET_STARTUP_HOOKS"] = Hook,
        ["CHANNELS_PROOF_CLOCK"] = _directory.Combine("offset"),
    };

    /// <summary>What the product believes the time is.</summary>
    public DateTimeOffset Now => TimeProvider.System.GetUtcNow() + Offset;

    public TimeSpan Offset { get; private set; }

    /// <summary>So far from the machine's clock; returns when the product has looked at it.</summary>
    public Task SetAsync(TimeSpan offset)
    {
        Write(offset);
        return Task.Delay(Noticed);
    }

    public void Dispose() => _directory.Dispose();

    private void Write(TimeSpan offset)
    {
        Offset = offset;
        var next = _directory.Combine("next");
        File.WriteAllText(next, offset.ToString("c", System.Globalization.CultureInfo.InvariantCulture));
        File.Move(next, _directory.Combine("offset"), overwrite: true);
    }
}
