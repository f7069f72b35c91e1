using Channels.Core.Channels;
using Channels.Core.Ids;
using Microsoft.Extensions.Logging;

namespace Channels.Grains.Session;

internal static partial class SessionLog
{
    [LoggerMessage(3301, LogLevel.Information, "The session of account {Account} was asked for; it is {Status} ({Code})")]
    public static partial void Asked(ILogger logger, AccountId account, SessionStatus status, string? code);

    [LoggerMessage(3302, LogLevel.Information, "The session of account {Account} was taken for {Before} and is {After}: its gateway says {Reading}")]
    public static partial void Found(ILogger logger, AccountId account, SessionStatus before, SessionStatus after, string reading);

    [LoggerMessage(3303, LogLevel.Information, "The gateway was told to {Order} the connection of account {Account}, attempt {Attempt}: {Outcome}")]
    public static partial void Told(ILogger logger, AccountId account, SessionOrder order, int attempt, string outcome);

    [LoggerMessage(3304, LogLevel.Information, "Account {Account} is {Status} ({Code})")]
    public static partial void StatusChanged(ILogger logger, AccountId account, AccountStatus status, string? code);
}
