using Channels.Core.Ids;
using Microsoft.Extensions.Logging;

namespace Channels.Grains.Conversation;

internal static partial class ConversationLog
{
    [LoggerMessage(5001, LogLevel.Information, "The {Agent} agent did not answer in conversation {Conversation}: {Code}")]
    public static partial void AgentFailed(ILogger logger, ConversationId conversation, string agent, string code);

    [LoggerMessage(5002, LogLevel.Information, "Delivery did not hear of a reply in conversation {Conversation} ({Failure}); the sweep will tell it")]
    public static partial void DeliveryNotTold(ILogger logger, ConversationId conversation, string failure);

    [LoggerMessage(5003, LogLevel.Error, "The {Agent} agent threw {Failure}, which agents must not. {StackTrace}")]
    public static partial void AgentThrew(ILogger logger, string agent, string failure, string? stackTrace);

    [LoggerMessage(5004, LogLevel.Information, "Nobody could be shown typing in conversation {Conversation} ({Failure})")]
    public static partial void TypingFailed(ILogger logger, ConversationId conversation, string failure);

    [LoggerMessage(5005, LogLevel.Information, "Conversation {Conversation} is handed over to a person")]
    public static partial void HandedOver(ILogger logger, ConversationId conversation);

    [LoggerMessage(5006, LogLevel.Information, "Delivery kept no place for a reply in conversation {Conversation} ({Failure}); it is queued")]
    public static partial void NothingReserved(ILogger logger, ConversationId conversation, string failure);

    [LoggerMessage(5007, LogLevel.Error, "What the {Agent} agent said in conversation {Conversation} cannot be kept ({SqlState}); the turn ends as failed")]
    public static partial void AnswerRefused(ILogger logger, ConversationId conversation, string agent, string sqlState);
}
