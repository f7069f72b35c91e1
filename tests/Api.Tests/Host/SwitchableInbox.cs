using Channels.Core.Inbox;

namespace Channels.Api.Tests.Host;

/// <summary>The real inbox, until a test says what it should fail with.</summary>
internal sealed class SwitchableInbox(IInbox real) : IInbox
{
    public Exception? Failure { get; set; }

    public Task AppendAsync(InboundWebhook webhook, CancellationToken cancellationToken) =>
        Failure is { } failure ? Task.FromException(failure) : real.AppendAsync(webhook, cancellationToken);
}
