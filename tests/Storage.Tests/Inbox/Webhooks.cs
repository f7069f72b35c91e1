using Channels.Core.Ids;
using Channels.Core.Inbox;

namespace Channels.Storage.Tests.Inbox;

/// <summary>Webhooks of which only the owner and the account matter.</summary>
internal static class Webhooks
{
    public static TenantId Tenant(int number) => new(new Guid(number, 0, 0, new byte[8]));

    public static AccountId Account(int number) => new(new Guid(number, 1, 0, new byte[8]));

    public static InboundWebhook Of(TenantId tenant, AccountId account) =>
        new(tenant, account, new WebhookId(Guid.Empty), DateTimeOffset.UnixEpoch, "", ReadOnlyMemory<byte>.Empty);

    public static IReadOnlyList<InboundWebhook> Of(TenantId tenant, int count) =>
        [.. Enumerable.Range(0, count).Select(number => Of(tenant, Account(number)))];
}
