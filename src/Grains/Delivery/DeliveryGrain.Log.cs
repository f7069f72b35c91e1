using Channels.Core.Ids;
using Microsoft.Extensions.Logging;

namespace Channels.Grains.Delivery;

internal static partial class DeliveryLog
{
    [LoggerMessage(4101, LogLevel.Warning, "A step of reply {Reply} could not be recorded ({Failure}); its row is read again")]
    public static partial void StepFailed(ILogger logger, MessageId reply, string failure);

    [LoggerMessage(4102, LogLevel.Error, "The connector {Kind} threw {Failure}, which connectors must not. {StackTrace}")]
    public static partial void ConnectorThrew(ILogger logger, string kind, string failure, string? stackTrace);

    [LoggerMessage(4103, LogLevel.Information, "Connector {Connector} did not hear of an outcome ({Failure})")]
    public static partial void ConnectorNotTold(ILogger logger, ConnectorId connector, string failure);

    [LoggerMessage(4105, LogLevel.Information, "Reply {Reply} of unknown outcome could not be looked up ({Failure})")]
    public static partial void LookUpFailed(ILogger logger, MessageId reply, string failure);

    [LoggerMessage(4106, LogLevel.Information, "Reply {Reply} of unknown outcome is not at the provider: it is sent once more, marked")]
    public static partial void SentOnceMore(ILogger logger, MessageId reply);

    [LoggerMessage(4107, LogLevel.Information, "Nobody said what became of reply {Reply}, which a place was kept for; the table is read")]
    public static partial void ReservationGivenUp(ILogger logger, MessageId reply);

    [LoggerMessage(4108, LogLevel.Information, "What became of attempt {Attempt} of reply {Reply} ({Outcome}) is out of date: it is settled, or was begun anew")]
    public static partial void SettledByOthers(ILogger logger, MessageId reply, int attempt, string outcome);

    [LoggerMessage(4104, LogLevel.Information, "Reply {Reply} was found half sent; the provider says {Answer}")]
    public static partial void FoundHalfSent(ILogger logger, MessageId reply, string answer);

    [LoggerMessage(4109, LogLevel.Error, "What the provider answered to reply {Reply} cannot be kept ({SqlState}); its outcome is unknown")]
    public static partial void AnswerRefused(ILogger logger, MessageId reply, string sqlState);
}
