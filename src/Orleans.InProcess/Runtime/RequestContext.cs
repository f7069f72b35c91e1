namespace Orleans.Runtime;

/// <summary>Values that travel with a call: from caller to callee and on, never back.</summary>
public static class RequestContext
{
    private const string ReentrancyKey = "#CCR";

    // The dictionary is never changed after it was set here: calls carry it by reference.
    private static readonly AsyncLocal<Dictionary<string, object>?> Carried = new();

    private static long s_sections;

    /// <summary>The call chain that may re-enter; empty when none may.</summary>
    public static Guid ReentrancyId
    {
        get => IdIn(Carried.Value);
        set
        {
            if (value == Guid.Empty)
            {
                Remove(ReentrancyKey);
            }
            else
            {
                Set(ReentrancyKey, value);
            }
        }
    }

    /// <summary>The names set here.</summary>
    public static IEnumerable<string> Keys => Carried.Value?.Keys ?? Enumerable.Empty<string>();

    /// <summary>The names and values set here.</summary>
    public static IEnumerable<KeyValuePair<string, object>> Entries => Carried.Value ?? Enumerable.Empty<KeyValuePair<string, object>>();

    internal static Dictionary<string, object>? Values
    {
        get => Carried.Value;
        set
        {
            if (!ReferenceEquals(Carried.Value, value))
            {
                Carried.Value = value;
            }
        }
    }

    /// <summary>A value, or null.</summary>
    public static object? Get(string key) => Carried.Value?.GetValueOrDefault(key);

    /// <summary>Sets a value for what is called from here on.</summary>
    public static void Set(string key, object value) =>
        Carried.Value = new(Carried.Value ?? Enumerable.Empty<KeyValuePair<string, object>>()) { [key] = value };

    /// <summary>Takes a value away; says whether there was one.</summary>
    public static bool Remove(string key)
    {
        if (Carried.Value is not { } values || !values.ContainsKey(key))
        {
            return false;
        }

        Carried.Value = values.Count == 1 ? null : new(values.Where(value => value.Key != key));
        return true;
    }

    /// <summary>Takes all values away.</summary>
    public static void Clear() => Values = null;

    /// <summary>Until disposed, calls made from here may come back into this grain while it waits for them.</summary>
    public static ReentrancySection AllowCallChainReentrancy()
    {
        var chain = ReentrancyId;
        return new(chain, chain == Guid.Empty ? NextChain() : chain);
    }

    /// <summary>Until disposed, calls made from here may not come back.</summary>
    public static ReentrancySection SuppressCallChainReentrancy() => new(ReentrancyId, Guid.Empty);

    internal static Guid IdIn(Dictionary<string, object>? values) =>
        values is not null && values.TryGetValue(ReentrancyKey, out var id) ? (Guid)id : Guid.Empty;

    // Unique within the process is enough: chains never leave it.
    private static Guid NextChain() => new(1, 0, 0, BitConverter.GetBytes(Interlocked.Increment(ref s_sections)));

    /// <summary>The time during which a call chain may, or may not, re-enter.</summary>
    public readonly struct ReentrancySection : IDisposable
    {
        private readonly Guid _before;
        private readonly Guid _within;

        /// <summary>Opens the section.</summary>
        public ReentrancySection(Guid originalReentrancyId, Guid newReentrancyId)
        {
            (_before, _within) = (originalReentrancyId, newReentrancyId);
            if (_within != _before)
            {
                ReentrancyId = _within;
            }

            if (_within != Guid.Empty)
            {
                Activation.Current?.EnterSection(_within);
            }
        }

        /// <summary>Closes the section.</summary>
        public void Dispose()
        {
            if (_within != Guid.Empty)
            {
                Activation.Current?.LeaveSection(_within);
            }

            if (_within != _before)
            {
                ReentrancyId = _before;
            }
        }
    }
}
