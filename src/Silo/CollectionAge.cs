using System.Globalization;
using Channels.Core;

namespace Channels.Silo;

/// <summary>How long a channel or conversation stays in memory without work: <c>Channels:CollectionAge</c>. What is collected comes back from the database with the next webhook.</summary>
internal static class CollectionAge
{
    private const string Setting = "Channels:CollectionAge";
    private static readonly TimeSpan _usual = TimeSpan.FromMinutes(15);

    // Longer than both runtimes take to look for idle grains.
    private static readonly TimeSpan _shortest = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan _longest = TimeSpan.FromDays(1);

    /// <summary>Reads it.</summary>
    /// <exception cref="SettingException">It is no time from two minutes to a day.</exception>
    public static TimeSpan Of(IConfiguration configuration) => configuration[Setting] switch
    {
        null or "" => _usual,
        var text when TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var age) && age >= _shortest && age <= _longest => age,
        var text => throw new SettingException(Setting, $"is '{text}', but must be a time from 00:02:00 to 1.00:00:00, such as 00:15:00."),
    };
}
