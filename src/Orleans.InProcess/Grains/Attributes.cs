using System.Globalization;

namespace Orleans;

/// <summary>How long a caller of this method waits for the answer.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ResponseTimeoutAttribute(string timeout) : Attribute
{
    public TimeSpan? Timeout { get; init; } = TimeSpan.Parse(timeout, CultureInfo.InvariantCulture);
}

/// <summary>How long grains of this class may sit idle before they are collected; never less than a minute.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
public class CollectionAgeLimitAttribute : Attribute
{
    public double Minutes { get; set; }

    public TimeSpan AgeLimit => TimeSpan.FromMinutes(Math.Max(Minutes, 1));
}
