using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Channels.Api.Ingress;

/// <summary>What the door for webhooks measures.</summary>
internal sealed class IngressInstruments
{
    private readonly Histogram<double> _duration;

    public IngressInstruments(IMeterFactory meters)
    {
        var meter = meters.Create("Channels.Ingress");
        _duration = meter.CreateHistogram<double>("channels.ingress.webhook.duration", "s", "From a webhook's headers to its answer, the commit included.");
    }

    /// <summary>A webhook was answered, or broke off.</summary>
    public void Answered(string kind, string outcome, long started)
    {
        if (_duration.Enabled)
        {
            _duration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, new("channels.kind", kind), new("channels.outcome", outcome));
        }
    }
}
