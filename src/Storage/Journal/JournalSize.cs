using System.Globalization;
using Channels.Core;
using Microsoft.Extensions.Configuration;

namespace Channels.Storage.Journal;

/// <summary>How much the journal may hold.</summary>
public static class JournalSize
{
    private const string Setting = "Channels:JournalMegabytes";

    /// <summary>A flood of 70,000 webhooks a second, of 1.4 KB each, for twenty seconds.</summary>
    private const int Usual = 2048;

    private const int Most = 1_000_000;

    /// <summary>Reads <c>Channels:JournalMegabytes</c>; 0: no webhook is written to it.</summary>
    /// <exception cref="SettingException">It is not such a number.</exception>
    public static int Of(IConfiguration configuration) => configuration[Setting] switch
    {
        null or "" => Usual,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var megabytes) && megabytes <= Most => megabytes,
        var text => throw new SettingException(Setting, $"is '{text}', but must be a whole number of megabytes from 0 to {Most}, such as {Usual}; 0 switches the journal off."),
    };
}
