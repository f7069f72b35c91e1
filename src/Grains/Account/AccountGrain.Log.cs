using Channels.Core.Channels;
using Channels.Core.Ids;
using Microsoft.Extensions.Logging;

namespace Channels.Grains.Account;

internal static partial class AccountLog
{
    [LoggerMessage(3101, LogLevel.Information, "Account {Account} is {Status} now ({Code})")]
    public static partial void StatusChanged(ILogger logger, AccountId account, AccountStatus status, string? code);

    [LoggerMessage(3102, LogLevel.Warning, "A webhook of account {Account} cannot be read and is parked: {Webhook}")]
    public static partial void Unreadable(ILogger logger, AccountId account, WebhookId webhook);

    [LoggerMessage(3103, LogLevel.Error, "The parser of {Kind} failed on webhook {Webhook} with {Failure}; it is parked. {StackTrace}")]
    public static partial void ParserCrashed(ILogger logger, string kind, WebhookId webhook, string failure, string? stackTrace);

    [LoggerMessage(3104, LogLevel.Warning, "{Rows} webhooks of account {Account} were refused together ({SqlState}); trying them one by one")]
    public static partial void OneByOne(ILogger logger, AccountId account, int rows, string sqlState);

    [LoggerMessage(3105, LogLevel.Error, "Webhook {Webhook} of account {Account} is refused by the database ({SqlState}) and is parked")]
    public static partial void Parked(ILogger logger, AccountId account, WebhookId webhook, string sqlState);

    [LoggerMessage(3106, LogLevel.Information, "Conversation {Conversation} did not hear of new turns ({Failure}); the sweep will tell it")]
    public static partial void HandOverFailed(ILogger logger, ConversationId conversation, string failure);

    [LoggerMessage(3107, LogLevel.Information, "Account {Account} could not be told of files to fetch ({Failure}); the sweep will")]
    public static partial void FilesNotTold(ILogger logger, AccountId account, string failure);

    [LoggerMessage(3109, LogLevel.Warning, "Delivery of account {Account} could not be told that a chat moved ({Failure}); replies that it holds may go to where the chat was")]
    public static partial void MoveNotTold(ILogger logger, AccountId account, string failure);

    [LoggerMessage(3110, LogLevel.Warning, "The store no longer knows conversations that account {Account} knew: it was put back, or its replica lacked them. They are looked up, or made, anew")]
    public static partial void ConversationsLost(ILogger logger, AccountId account);

    [LoggerMessage(3108, LogLevel.Information, "Account {Account} is in trouble, and delivery or intake could not be told ({Failure}); they find out by themselves")]
    public static partial void TroubleNotTold(ILogger logger, AccountId account, string failure);
}
