using System.Collections.Frozen;
using Microsoft.Extensions.Options;

namespace Orleans.Runtime;

/// <summary>Who is alive in this process: finds or makes the one activation of a grain.</summary>
internal sealed partial class GrainCatalog
{
    private const int MaxForwards = 2;

    // How often a host that stops looks whether its grains are gone.
    private static readonly TimeSpan StopPause = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentDictionary<GrainId, Activation> _activations = new();
    private readonly FrozenDictionary<string, GrainClass> _classes;
    // Later than the catalog: a filter may want the grain factory, which is made with the catalog.
    private readonly Lazy<IIncomingGrainCallFilter[]> _filters;

    private volatile bool _stopping;

    public GrainCatalog(IServiceProvider services, IOptions<InProcessGrainOptions> options, TimeProvider clock, ILogger<GrainCatalog> logger)
    {
        (Services, Options, Clock, Logger) = (services, options.Value, clock, logger);
        _filters = new(() => [.. services.GetServices<IIncomingGrainCallFilter>()]);
        Deadlines = new(clock);
        Factory = new(this);
        var classes = Options.Assemblies.Distinct()
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type is { IsAbstract: false, ContainsGenericParameters: false } && type.IsSubclassOf(typeof(Grain)))
            .Select(type => new GrainClass(type, Options))
            .ToLookup(grain => grain.Name);
        if (classes.FirstOrDefault(same => same.Count() > 1) is { } clash)
        {
            throw new InvalidOperationException($"Grain classes {string.Join(" and ", clash.Select(grain => grain.Type))} share the name '{clash.Key}'.");
        }

        _classes = classes.ToFrozenDictionary(same => same.Key, same => same.Single());
    }

    public IServiceProvider Services { get; }

    public InProcessGrainOptions Options { get; }

    public TimeProvider Clock { get; }

    public ILogger Logger { get; }

    public IIncomingGrainCallFilter[] Filters => _filters.Value;

    public Deadlines Deadlines { get; }

    public GrainFactory Factory { get; }

    public IEnumerable<GrainClass> Classes => _classes.Values;

    /// <summary>A span in the clock's timestamps.</summary>
    public long Ticks(TimeSpan span) => (long)(span.TotalSeconds * Clock.TimestampFrequency);

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

                if (!_classes.TryGetValue(id.TypeName, out var kind))
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
        while (!_activations.IsEmpty && !cancellationToken.IsCancellationRequested)
        {
            // Again and again: one that was being made when the host began to stop comes late.
            foreach (var (_, activation) in _activations)
            {
                activation.Deactivate(new(DeactivationReasonCode.ShuttingDown, "The host stops."));
            }

            await Task.Delay(StopPause, CancellationToken.None);
        }

        if (!_activations.IsEmpty)
        {
            Log.StoppedEarly(Logger, _activations.Count);
        }

        foreach (var (_, activation) in _activations)
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
