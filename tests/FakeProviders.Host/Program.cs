using System.Globalization;
using Channels.FakeProviders.Evolution;

// A fake gateway as a process of its own: FakeProviders.Host --port 8085 [--key KEY] [--major 1|2] [--make-instances]
string? After(string name) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;

var stopped = new TaskCompletionSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stopped.TrySetResult();
};
using var terminated = System.Runtime.InteropServices.PosixSignalRegistration.Create(
    System.Runtime.InteropServices.PosixSignal.SIGTERM,
    signal =>
    {
        signal.Cancel = true;
        stopped.TrySetResult();
    });

await using var fake = await FakeEvolution.StartAsync(new FakeEvolutionOptions
{
    Port = int.Parse(After("--port") ?? "0", CultureInfo.InvariantCulture),
    ApiKey = After("--key") ?? "fake-evolution-key",
    Major = int.Parse(After("--major") ?? "2", CultureInfo.InvariantCulture),
    MakesInstances = args.Contains("--make-instances"),
});
fake.KeepsCalls = false;
Console.WriteLine($"ready {fake.Address}");
await stopped.Task;
