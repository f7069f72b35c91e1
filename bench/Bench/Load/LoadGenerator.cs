using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Channels.Bench.Load;

/// <summary>A load generator that costs little: one thread, prebuilt requests, no allocation per request.</summary>
/// <remarks>Latency counts from when a request was due. On a rated plan a late answer therefore counts against all that wait behind it.</remarks>
internal sealed class LoadGenerator : IDisposable
{
    private readonly LoadPlan _plan;
    private readonly IPEndPoint _address;
    private readonly LoadConnection[] _connections;
    private readonly Readiness _readiness;
    private readonly long[] _turns;
    private readonly LoadResult _result = new();
    private readonly long _interval;
    private long _started;

    private LoadGenerator(LoadPlan plan, Uri target)
    {
        _plan = plan;
        _address = new IPEndPoint(IPAddress.Loopback, target.Port);
        _connections = [.. Enumerable.Range(0, plan.Connections).Select(_ => new LoadConnection(_address))];
        _readiness = new Readiness(plan.Connections);
        _turns = new long[plan.Connections];
        _interval = plan.Rate is { } rate ? (long)(Stopwatch.Frequency * plan.Connections / rate) : 0;
    }

    /// <summary>Runs a plan to its end on a thread of its own.</summary>
    public static Task<LoadResult> RunAsync(LoadPlan plan, Uri target, CancellationToken cancellationToken) => Task.Factory.StartNew(
        () =>
        {
            using var generator = new LoadGenerator(plan, target);
            return generator.Run(cancellationToken);
        },
        cancellationToken,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    private LoadResult Run(CancellationToken cancellationToken)
    {
        for (var i = 0; i < _connections.Length; i++)
        {
            _readiness.Watch(_connections[i].Descriptor, i);
        }

        var startedAt = TimeProvider.System.GetUtcNow();
        _started = Stopwatch.GetTimestamp();
        var end = _started + (long)(_plan.Duration.TotalSeconds * Stopwatch.Frequency);
        var outstanding = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            var now = Stopwatch.GetTimestamp();
            var mayStart = MayStart(now, end);
            if (mayStart && (_interval > 0 || outstanding < _connections.Length))
            {
                outstanding += StartDue(now, startedAt);
            }
            else if (!mayStart && outstanding == 0)
            {
                break;
            }

            var ready = _readiness.Wait(1);
            for (var r = 0; r < ready; r++)
            {
                var i = _readiness.Ready(r);
                if (Hear(i))
                {
                    outstanding--;
                    if (_interval == 0 && Stopwatch.GetTimestamp() is var at && MayStart(at, end))
                    {
                        Start(i, at, startedAt);
                        outstanding++;
                    }
                }
            }
        }

        _result.Elapsed = Stopwatch.GetElapsedTime(_started);
        _result.Latencies.Sort();
        return _result;
    }

    public void Dispose()
    {
        foreach (var connection in _connections)
        {
            connection.Dispose();
        }

        _readiness.Dispose();
    }

    private bool MayStart(long now, long end) => now < end && _result.Sent < _plan.Messages && !_plan.Ending.IsCancellationRequested;

    private int StartDue(long now, DateTimeOffset startedAt)
    {
        var started = 0;
        for (var i = 0; i < _connections.Length && _result.Sent < _plan.Messages; i++)
        {
            var due = _interval == 0 ? now : _started + (_turns[i] * _interval) + (i * _interval / _connections.Length);
            if (_connections[i].Idle && due <= now)
            {
                Start(i, due, startedAt);
                started++;
            }
        }

        return started;
    }

    // Contacts of connection i: i, i + connections, …; each belongs to one connection only.
    private void Start(int index, long due, DateTimeOffset startedAt)
    {
        var own = Math.Max(1, (_plan.Contacts - index + _connections.Length - 1) / _connections.Length);
        var contact = index + ((int)(_turns[index]++ % own) * _connections.Length);
        var number = _plan.FirstNumber + _result.Sent++;
        if (_interval > 0)
        {
            _result.DueAt.Add(startedAt + Stopwatch.GetElapsedTime(_started, due));
        }

        _connections[index].Send(_plan.Templates[contact % _plan.Templates.Count], contact, number, due);
    }

    private bool Hear(int index)
    {
        var connection = _connections[index];
        var due = connection.Due;
        try
        {
            var status = connection.Receive();
            if (status == 0)
            {
                return false;
            }

            _result.Statuses[status] = _result.Statuses.GetValueOrDefault(status) + 1;
            if (status == 200)
            {
                _result.Acknowledged++;
                if (_plan.Progress is { } progress)
                {
                    progress.Acknowledged = _result.Acknowledged;
                }

                var latency = Stopwatch.GetElapsedTime(due);
                _result.Latencies.Add((int)latency.TotalMicroseconds);
                if (_interval > 0)
                {
                    _result.Late.Answered(Stopwatch.GetElapsedTime(_started, due), latency);
                }

                if (_plan.KeepsTaken)
                {
                    _result.Taken.Add(connection.Message);
                }
            }

            return true;
        }
        catch (SocketException)
        {
            _result.Errors++;
            connection.Dispose();
            _connections[index] = new LoadConnection(_address);
            _readiness.Watch(_connections[index].Descriptor, index);
            return due != 0;
        }
    }
}
