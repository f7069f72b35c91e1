using Channels.Core.Ids;
using Microsoft.Extensions.Logging;

namespace Channels.Grains.Intake;

internal static partial class IntakeLog
{
    [LoggerMessage(3301, LogLevel.Information, "The intake of account {Account} is {Code}: {Ends}")]
    public static partial void Changed(ILogger logger, AccountId account, string code, bool ends);

    [LoggerMessage(3302, LogLevel.Error, "The connector of '{Kind}' failed while it was asked for messages ({Failure}). {StackTrace}")]
    public static partial void ConnectorThrew(ILogger logger, string kind, string failure, string? stackTrace);
}
