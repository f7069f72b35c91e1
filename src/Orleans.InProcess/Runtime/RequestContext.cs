namespace Orleans.Runtime;

/// <summary>Values that travel with a call: from caller to callee and on, never back.</summary>
public static class RequestContext
{
    private const string ReentrancyKey = "#CCR";

    // The dictionary is never changed after it was set here: calls carry it by reference.
    private static readonly AsyncLocal<Dictionary<string, object>?> Carried = new();

    private static long s_sections;

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
    public static void Set(string key, object value) => Values = new(Values ?? []) { [key] = value };

    /// <summary>Takes a value away; says whether there was one.</summary>
    public static bool Remove(string key)
    {
        var had = Get(key) is not null;
        Values = Values?.Where(value => value.Key != key).ToDictionary() is { Count: > 0 } rest ? rest : null;
        return had;
    }

    /// <summary>Takes all values away.</summary>
    public static void Clear() => Values = null;

    /// <summary>Until disposed, calls made from here may come back into this grain while it waits for them.</summary>
    public static ReentrancySection AllowCallChainReentrancy()
    {
        // Unique within the process is enough: chains never leave it.
        var before = IdIn(Values);
        return new(before, before == Guid.Empty ? new(1, 0, 0, BitConverter.GetBytes(Interlocked.Increment(ref s_sections))) : before);
    }

    internal static Guid IdIn(Dictionary<string, object>? values) =>
        values is not null && values.TryGetValue(ReentrancyKey, out var id) ? (Guid)id : Guid.Empty;

    /// <summary>The time during which a call chain may re-enter.</summary>
    public readonly struct ReentrancySection : IDisposable
    {
        private readonly Guid _before;
        private readonly Guid _within;

        internal ReentrancySection(Guid before, Guid within)
        {
            (_before, _within) = (before, within);
            Set(ReentrancyKey, within);
            Activation.Current?.OpenSection(within);
        }

        /// <summary>Closes the section.</summary>
        public void Dispose()
        {
            // Nothing was opened by a section that is the default value.
            if (_within != Guid.Empty)
            {
                Activation.Current?.CloseSection(_within);
            }

            if (_within != _before)
            {
                Remove(ReentrancyKey);
            }
        }
    }
}
