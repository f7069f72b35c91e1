using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Channels.Testing;

/// <summary>One line of the log, with everything a sink could have written of it.</summary>
public sealed record LogEntry(LogLevel Level, EventId Event, string Category, string Message, IReadOnlyList<KeyValuePair<string, object?>> Values, Exception? Exception)
{
    /// <summary>The message, each value, the exception with its inner ones, and the scopes.</summary>
    public string Everything => string.Join('\n', [Message, .. Values.Select(value => $"{value.Key}={value.Value}"), Exception?.ToString() ?? ""]);
}

/// <summary>Keeps every log entry, so that a test can ask what was said, and above all what was not.</summary>
/// <remarks>Collects from all levels. As a provider: <c>logging.AddProvider(collector)</c>; without a host: <see cref="For{T}"/>.</remarks>
public sealed class LogCollector : ILoggerProvider, ILoggerFactory, ISupportExternalScope
{
    private readonly ConcurrentQueue<LogEntry> _entries = new();
    private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();

    public IReadOnlyList<LogEntry> Entries => [.. _entries];

    public ILogger<T> For<T>() => new Logger<T>(this);

    public ILogger CreateLogger(string categoryName) => new CollectingLogger(categoryName, this);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("This factory collects; it does not forward.");

    /// <summary>Fails when any of <paramref name="secrets"/> was logged in any form. Empty ones are ignored.</summary>
    /// <remarks>The failure names the line and the secret's position in the list, not the secret: the test's report is a log as well.</remarks>
    public void AssertAbsent(params IEnumerable<string> secrets)
    {
        foreach (var (position, secret) in secrets.Index())
        {
            if (secret.Length > 0 && _entries.FirstOrDefault(entry => entry.Everything.Contains(secret, StringComparison.OrdinalIgnoreCase)) is { } leak)
            {
                Assert.Fail($"Secret {position} was logged by {leak.Category} in event {leak.Event.Id} {leak.Event.Name}.");
            }
        }
    }

    public void Dispose()
    {
        // What was collected may still be asked for after the host is gone.
    }

    private sealed class CollectingLogger(string category, LogCollector collector) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => collector._scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var values = ValuesOf(state).ToList();
            collector._scopes.ForEachScope(
                (scope, all) =>
                {
                    all.Add(new("Scope", scope));
                    all.AddRange(ValuesOf(scope));
                },
                values);
            collector._entries.Enqueue(new(logLevel, eventId, category, formatter(state, exception), values, exception));
        }

        private static IEnumerable<KeyValuePair<string, object?>> ValuesOf(object? state) =>
            state as IEnumerable<KeyValuePair<string, object?>> ?? [];
    }
}
