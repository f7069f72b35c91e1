using System.Diagnostics;

namespace Channels.Bench.Sides;

/// <summary>A process that this run started, and the only kind it ends.</summary>
internal sealed class OwnProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OwnProcess(ProcessStartInfo start, string readyMark)
    {
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        DataReceivedEventHandler hear = (_, heard) => Hear(heard.Data, readyMark);
        _process.OutputDataReceived += hear;
        _process.ErrorDataReceived += hear;
        _process.Exited += (_, _) => _ready.TrySetException(new InvalidOperationException($"{start.FileName} ended at once:\n{Said}"));
    }

    public int Id => _process.Id;

    /// <summary>Everything it printed that the console would show as trouble.</summary>
    public string Said
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    /// <summary>Starts a program of this build and waits for the line that says it is ready; answers what follows the mark.</summary>
    public static async Task<(OwnProcess Process, string Ready)> StartAsync(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string readyMark, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetDirectoryName(program)! };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var own = new OwnProcess(start, readyMark);
        own._process.Start();
        own._process.BeginOutputReadLine();
        own._process.BeginErrorReadLine();
        try
        {
            return (own, await own._ready.Task.WaitAsync(TimeSpan.FromSeconds(120), cancellationToken));
        }
        catch
        {
            await own.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks it to stop as a service manager would; kills it if it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Native.Terminate(_process.Id);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill();
            }
        }

        _process.Dispose();
    }

    private void Hear(string? line, string readyMark)
    {
        if (line is null)
        {
            return;
        }

        if (line.IndexOf(readyMark, StringComparison.Ordinal) is >= 0 and var at)
        {
            _ready.TrySetResult(line[(at + readyMark.Length)..].Trim());
        }

        lock (_lines)
        {
            if (_lines.Count < 200)
            {
                _lines.Add(line);
            }
        }
    }
}
