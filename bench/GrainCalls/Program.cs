using System.Diagnostics;
using System.Globalization;
using Channels.GrainCalls;
using Channels.GrainHosting;
using Microsoft.Extensions.DependencyInjection;
using Orleans;

// Calls per second from tasks of the thread pool in the grains' own process, as a web endpoint makes them; then the cost of an idle grain.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var seconds = args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 3;
await using var host = await GrainHost.StartAsync(options => options.Assemblies.Add(typeof(CounterGrain).Assembly));
var grains = host.Services.GetRequiredService<IGrainFactory>();

Console.WriteLine("| grains | callers | calls/s | of them answered in a later turn, calls/s | B/call | CPU us/call |");
Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
foreach (var many in new[] { 1, 1000 })
{
    var references = Enumerable.Range(0, many).Select(number => grains.GetGrain<ICounter>($"hot/{number}")).ToArray();
    foreach (var callers in new[] { 1, 16, 64, 256 })
    {
        await MeasureAsync(references, callers, seconds / 3, later: false);
        var now = await MeasureAsync(references, callers, seconds, later: false);
        var later = await MeasureAsync(references, callers, seconds, later: true);
        Console.WriteLine($"| {many} | {callers} | {now.PerSecond:N0} | {later.PerSecond:N0} | {now.Bytes:N0} | {now.Cpu:N2} |");
    }
}

const int Idle = 100_000;
var before = GC.GetTotalMemory(forceFullCollection: true);
var started = Stopwatch.GetTimestamp();
for (var number = 0; number < Idle; number++)
{
    await grains.GetGrain<ICounter>($"idle/{number}").AddAsync(1);
}

var took = Stopwatch.GetElapsedTime(started);
await Task.Delay(TimeSpan.FromSeconds(1));
var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Idle;
Console.WriteLine($"{Idle / took.TotalSeconds:N0} activations/s one after the other; an idle one holds {each} B");

static async Task<(double PerSecond, double Bytes, double Cpu)> MeasureAsync(ICounter[] references, int callers, double seconds, bool later)
{
    using var process = Process.GetCurrentProcess();
    var (calls, bytes, cpu, started) = (0L, GC.GetTotalAllocatedBytes(), process.TotalProcessorTime, Stopwatch.GetTimestamp());
    await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
    {
        var (made, next) = (0L, caller * 7919);
        while (Stopwatch.GetElapsedTime(started).TotalSeconds < seconds)
        {
            var grain = references[(next++ & int.MaxValue) % references.Length];
            await (later ? grain.AddLaterAsync(1) : grain.AddAsync(1));
            made++;
        }

        Interlocked.Add(ref calls, made);
    })));
    process.Refresh();
    return (
        calls / Stopwatch.GetElapsedTime(started).TotalSeconds,
        (double)(GC.GetTotalAllocatedBytes() - bytes) / calls,
        (process.TotalProcessorTime - cpu).TotalMicroseconds / calls);
}
