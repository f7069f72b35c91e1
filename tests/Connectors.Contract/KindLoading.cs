using System.Reflection;
using Channels.Core.Connectors;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Channels.Connectors.Contract;

/// <summary>Makes connectors as the product would.</summary>
public static class KindLoading
{
    /// <summary>The kinds of an assembly, over the product's own HTTP client; what they log goes to <paramref name="logs"/>.</summary>
    public static IConnectorCatalog Load(Assembly assembly, ILoggerProvider? logs = null)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging =>
        {
            logging.SetMinimumLevel(LogLevel.Trace);
            if (logs is not null)
            {
                logging.AddProvider(logs);
            }
        });
        return services.AddConnectors([assembly], []).BuildServiceProvider().GetRequiredService<IConnectorCatalog>();
    }
}

/// <summary>Remembers every line that is logged, with its values.</summary>
internal sealed class RecordedLogs : ILoggerProvider, ILogger
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

    public string Everything => string.Join('\n', _lines);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
    {
        _lines.Enqueue(state.ToString() ?? "");
        return null;
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue($"{formatter(state, exception)} {state} {exception}");

    public void Dispose()
    {
    }
}
