using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Channels.Core.Inbox;

/// <summary>What part of the time draining goes on for tenants whose webhooks come faster than this process can both take and drain them. What it leaves undone it makes up for when they pause.</summary>
/// <param name="UnderPressure">Above 0, at most 1. 1: draining never waits for acknowledgements.</param>
public sealed record DrainShare(double UnderPressure)
{
    private const string Setting = "Channels:DrainShare";
    private const double Usual = 0.05;

    /// <summary>Reads <c>Channels:DrainShare</c>.</summary>
    /// <exception cref="SettingException">It is not such a number.</exception>
    public static DrainShare Of(IConfiguration configuration) => configuration[Setting] switch
    {
        null or "" => new DrainShare(Usual),
        var text when double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) && share is >= 0.001 and <= 1 => new DrainShare(share),
        var text => throw new SettingException(Setting, $"is '{text}', but must be a number from 0.001 to 1, such as 0.05."),
    };
}
