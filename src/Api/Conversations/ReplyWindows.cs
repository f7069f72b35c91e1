using System.Globalization;
using Channels.Api.Errors;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Storage.Channels;
using Channels.Storage.Queries;

namespace Channels.Api.Conversations;

/// <summary>Until when free messages may be sent in conversations, where the provider limits that.</summary>
internal sealed class ReplyWindows(ChannelStore channels, IConnectorCatalog kinds, TimeProvider clock)
{
    /// <summary>Of a conversation of a channel of this kind; null where there is no limit or nobody knows.</summary>
    public ReplyWindow? Of(ConversationRow conversation, string? kind) =>
        kind is null || conversation.ChatType != "direct" || kinds.Find(kind)?.Manifest.ReplyWindow is not { } length ? null
        : conversation.ContactWroteAt is { } wrote ? new(wrote + length > clock.GetUtcNow(), wrote + length)
        : conversation.LastMessageAt is null ? new(Open: false, OpenUntil: null)
        : null;

    /// <summary>Of one conversation.</summary>
    public async Task<ReplyWindow?> FindAsync(TenantId tenant, ConversationRow conversation, CancellationToken cancellationToken) =>
        (await ReadAsync(tenant, [conversation], cancellationToken))(conversation);

    /// <summary>Of each of these conversations; one question for all.</summary>
    public async Task<Func<ConversationRow, ReplyWindow?>> ReadAsync(TenantId tenant, IReadOnlyCollection<ConversationRow> conversations, CancellationToken cancellationToken)
    {
        var kindOf = await channels.KindsAsync(tenant, [.. conversations.Select(one => one.Account).Distinct()], cancellationToken);
        return conversation => Of(conversation, kindOf.GetValueOrDefault(conversation.Account));
    }
}

/// <summary>Whether free messages may be sent now, and until when they may, or might; without that the contact has never written.</summary>
internal sealed record ReplyWindow(bool Open, DateTimeOffset? OpenUntil)
{
    internal Problem Problem => new(
        ErrorCatalogue.WindowClosed,
        OpenUntil is { } until ? string.Create(CultureInfo.InvariantCulture, $"The window closed at {until.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}.") : "The contact has not written yet.");
}
