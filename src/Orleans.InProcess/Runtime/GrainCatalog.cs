using System.Collections.Concurrent;
using System.Collections.Frozen;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Hosting;

namespace Orleans.Runtime;

/// <summary>Who is alive in this process: finds or makes the one activation of a grain.</summary>
internal sealed partial class GrainCatalog
{
    private const int MaxForwards = 2;

    private readonly ConcurrentDictionary<GrainId, Activation> _activations = new();
    private readonly FrozenDictionary<string, GrainClass> _classes;
    // Later than the catalog: a filter may want the grain factory, which is made with the catalog.
    private readonly Lazy<IIncomingGrainCallFilter[]> _filters;

    private volatile bool _stopping;

    public GrainCatalog(
        IServiceProvider services,
        IOptions<InProcessGrainOptions> options,
        TimeProvider clock,
        ILogger<GrainCatalog> logger)
    {
        (Services, Options, Clock, Logger) = (services, options.Value, clock, logger);
        _filters = new(() => [.. services.GetServices<IIncomingGrainCallFilter>()]);
        Deadlines = new(clock);
        Factory = new(this);
        var found = Options.Assemblies.Distinct()
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false } && typeof(IGrain).IsAssignableFrom(type)
                && !typeof(GrainReference).IsAssignableFrom(type))
            .Select(type => new GrainClass(type, Options, Ticks))
            .ToList();
        if (found.GroupBy(grain => grain.Name).FirstOrDefault(same => same.Count() > 1) is { } clash)
        {
            throw new InvalidOperationException(
                $"Grain classes {string.Join(" and ", clash.Select(grain => grain.Type))} share the name '{clash.Key}'; give one a [GrainType].");
        }

        _classes = found.ToFrozenDictionary(grain => grain.Name);
    }

    public IServiceProvider Services { get; }

    public InProcessGrainOptions Options { get; }

    public TimeProvider Clock { get; }

    public ILogger Logger { get; }

    public IIncomingGrainCallFilter[] Filters => _filters.Value;

    public Deadlines Deadlines { get; }

    public GrainFactory Factory { get; }

    public IEnumerable<GrainClass> Classes => _classes.Values;

    /// <summary>How many grains are alive.</summary>
    public int Count => _activations.Count;

    /// <summary>A span in the clock's timestamps.</summary>
    public long Ticks(TimeSpan span) => (long)(span.TotalSeconds * Clock.TimestampFrequency);

    public GrainClass? ClassOf(GrainId id) => _classes.GetValueOrDefault(id.TypeName);

    /// <summary>Puts a request in the mailbox of its grain, activating the grain if need be; returns who took it.</summary>
    public Activation? Post(GrainId id, Request request)
    {
        while (true)
        {
            if (!_activations.TryGetValue(id, out var activation))
            {
                if (_stopping)
                {
                    request.Fail(new SiloUnavailableException($"The host stops; {id} was not called."));
                    return null;
                }

                if (ClassOf(id) is not { } kind)
                {
                    request.Fail(new ArgumentException($"There is no grain class '{id.TypeName}'."));
                    return null;
                }

                activation = _activations.GetOrAdd(id, static (key, made) => new(made.Catalog, made.Class, key), (Catalog: this, Class: kind));
            }

            if (activation.TryPost(request))
            {
                return activation;
            }

            // Gone between our look and our post; it removes itself, and if it has not yet, we do.
            Forget(activation);
        }
    }

    /// <summary>Hands a request on from an activation that went before serving it.</summary>
    public void Forward(GrainId id, Request request)
    {
        // A grain that deactivates itself whenever it is activated would otherwise be activated for ever.
        if (request.Forwards++ >= MaxForwards)
        {
            request.Fail(new OrleansMessageRejectionException($"{id} was deactivated {request.Forwards} times before it served the call."));
            return;
        }

        Post(id, request);
    }

    public void Forget(Activation activation) => _activations.TryRemove(new(activation.GrainId, activation));

    public void CollectIdle()
    {
        var now = Clock.GetTimestamp();
        foreach (var (_, activation) in _activations)
        {
            activation.DeactivateIfIdle(now);
        }
    }

    /// <summary>Refuses new activations, deactivates every grain, and waits for them until <paramref name="cancellationToken"/>.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        var leaving = _activations.Values.ToList();
        foreach (var activation in leaving)
        {
            activation.Deactivate(new(DeactivationReasonCode.ShuttingDown, "The host stops."), cancellationToken);
        }

        try
        {
            await Task.WhenAll(leaving.Select(activation => activation.Deactivated)).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Log.StoppedEarly(Logger, leaving.Count(activation => !activation.Deactivated.IsCompleted));
        }

        foreach (var activation in _activations.Values)
        {
            activation.Abandon(new SiloUnavailableException($"The host stops; {activation.GrainId} did not answer in time."));
        }

        Deadlines.Dispose();
    }

    private static partial class Log
    {
        [LoggerMessage(6003, LogLevel.Warning, "The host stops before {Count} grains could be deactivated")]
        public static partial void StoppedEarly(ILogger logger, int count);
    }
}
