namespace Channels.Bench.Load;

/// <summary>When answers came late: a p99 does not tell one stall of half a second from a hundred short ones.</summary>
internal sealed class LateAnswers
{
    private readonly List<TimeSpan> _worstByTenth = [];

    /// <summary>One answer.</summary>
    /// <param name="due">When its request was due, since the start.</param>
    /// <param name="latency">From then to the answer.</param>
    public void Answered(TimeSpan due, TimeSpan latency)
    {
        var tenth = (int)(due.TotalSeconds * 10);
        while (_worstByTenth.Count <= tenth)
        {
            _worstByTenth.Add(TimeSpan.Zero);
        }

        _worstByTenth[tenth] = latency > _worstByTenth[tenth] ? latency : _worstByTenth[tenth];
    }

    /// <summary>The stretches whose requests were answered late, by the tenth of a second in which they were due: "3.2 to 3.6 s (405 ms)"; "none".</summary>
    public string Tell(TimeSpan limit)
    {
        var stretches = new List<string>();
        for (var tenth = 0; tenth < _worstByTenth.Count; tenth++)
        {
            var from = tenth;
            var worst = TimeSpan.Zero;
            while (tenth < _worstByTenth.Count && _worstByTenth[tenth] > limit)
            {
                worst = _worstByTenth[tenth] > worst ? _worstByTenth[tenth] : worst;
                tenth++;
            }

            if (tenth > from)
            {
                stretches.Add($"{from / 10.0:N1} to {tenth / 10.0:N1} s ({worst.TotalMilliseconds:N0} ms)");
            }
        }

        return stretches.Count == 0 ? "none" : string.Join(", ", stretches);
    }
}
