using System.Collections.Immutable;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Transcript;

namespace Channels.Grains.Account;

/// <summary>Which conversation each of an account's chats belongs to: remembers, asks the store for the rest, and merges what turns out to be one person.</summary>
internal sealed class ChatBook(ITranscript transcript, IdSource ids)
{
    /// <summary>Beyond this the book is thrown away and filled anew: an account may write with more people than memory should hold.</summary>
    private const int Most = 10_000;

    private readonly Dictionary<string, ConversationId> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<ConversationId, ContactChange> _written = [];

    // Of an attempt that failed as well, there or further on: what it changed is changed, and the next does not find it to change.
    private readonly HashSet<ConversationId> _outdated = [];

    /// <summary>Makes sure that every chat of these events is known. One store call for all that are not.</summary>
    /// <returns>Conversations that others went into, or whose chat moved: what their grains remember (turns, pause, choices, the address) may be outdated.</returns>
    public async Task<IReadOnlyCollection<ConversationId>> LearnAsync(TenantId tenant, AccountId account, IEnumerable<ChannelEvent> events, CancellationToken cancellationToken)
    {
        // Before anybody of these is taken for known: who is thrown away after that would be missing when the messages are sorted.
        if (_known.Count > Most)
        {
            Forget();
        }

        var unknown = ImmutableArray.CreateBuilder<ChatSighting>();
        var moved = new List<(string From, string To)>();
        var sighted = new HashSet<string>(StringComparer.Ordinal);
        foreach (var happened in events)
        {
            var aliases = AliasesOf(happened);
            if (aliases.Length > 0 && happened.MovedFrom is { Length: > 0 } from)
            {
                moved.Add((Bounded(from), aliases[0]));
            }

            if (aliases.Length == 0 || IsSettled(aliases))
            {
                continue;
            }

            if (sighted.Add(string.Join('\n', aliases)))
            {
                unknown.Add(new ChatSighting(aliases, happened.ChatType ?? "direct", NameOf(happened), PhoneOf(happened), new ConversationId(ids.Next())));
            }
        }

        if (unknown.Count == 0 && moved.Count == 0 && _outdated.Count == 0)
        {
            return [];
        }

        await ResolveAsync(tenant, account, unknown.ToImmutable(), cancellationToken);
        foreach (var chat in unknown)
        {
            await MergeAsync(tenant, account, chat.Aliases, cancellationToken);
        }

        foreach (var (from, to) in moved)
        {
            // Also when it stands there already: it may have been moved by an attempt whose answer was lost.
            await transcript.MoveAsync(new ConversationRef(tenant, account, _known[to]), from, to, cancellationToken);
            _outdated.Add(_known[to]);
        }

        var outdated = _outdated.ToHashSet();
        _outdated.Clear();
        return outdated;
    }

    private async Task ResolveAsync(TenantId tenant, AccountId account, ImmutableArray<ChatSighting> unknown, CancellationToken cancellationToken)
    {
        if (unknown.IsEmpty)
        {
            return;
        }

        foreach (var chat in await transcript.ResolveAsync(tenant, account, unknown, cancellationToken))
        {
            _known[chat.Alias] = chat.Conversation;
        }
    }

    /// <summary>Of everything that is asked for next the store is asked anew: it may have lost what it said, with a primary whose replica lacked it.</summary>
    public void Forget()
    {
        _known.Clear();
        _written.Clear();
    }

    /// <summary>The conversation of an event's chat; null when it has none.</summary>
    public ConversationId? Find(ChannelEvent happened) =>
        ChatOf(happened) is { Length: > 0 } chat && _known.TryGetValue(Bounded(chat), out var conversation) ? conversation : null;

    /// <summary>Names and pictures that are not written down already: nearly every message repeats its sender's.</summary>
    /// <remarks>All or none: of several for one person the last stands.</remarks>
    public ImmutableArray<ContactChange> Unwritten(ImmutableArray<ContactChange> contacts) => contacts.All(IsWritten) ? [] : contacts;

    /// <summary>These are written down.</summary>
    public void Written(ImmutableArray<ContactChange> contacts)
    {
        foreach (var contact in contacts)
        {
            // Of people without a conversation nothing is written: they are counted, each time.
            if (_known.TryGetValue(contact.Alias, out var conversation))
            {
                _written[conversation] = contact;
            }
        }
    }

    /// <summary>Every id the chat is known by; the one to send to first.</summary>
    internal static ImmutableArray<string> AliasesOf(ChannelEvent happened)
    {
        if (happened.Kind == EventKinds.SystemChatMigrated)
        {
            // The chat goes on under another id: what is written there belongs to the conversation that was led here.
            return happened.Details.GetValueOrDefault("old_id") is string { Length: > 0 } old && happened.Details.GetValueOrDefault("new_id") is string { Length: > 0 } now
                ? [Bounded(now), Bounded(old)]
                : [];
        }

        if (ChatOf(happened) is not { Length: > 0 } chat || happened.Action == EventAction.Ignore)
        {
            return [];
        }

        var hidden = ChatTypes.IsDirect(happened.ChatType) && happened.FromMe != true ? happened.SenderLid : null;
        return [.. new[] { chat, hidden, happened.ChatAlias, happened.ChatSpelling }.Where(alias => !string.IsNullOrEmpty(alias)).Select(alias => Bounded(alias!)).Distinct()];
    }

    // A person of two aliases has one name, the one that came last, whichever alias it came with.
    private bool IsWritten(ContactChange contact) =>
        _known.TryGetValue(contact.Alias, out var conversation) && _written.TryGetValue(conversation, out var last) && last == contact;

    // Who passed a chat on is told by some providers in the place of the chat.
    private static string? ChatOf(ChannelEvent happened) => happened.Address ?? happened.ChatId ?? (happened.Action == EventAction.ResumeAgent ? happened.SenderId : null);

    private bool IsSettled(ImmutableArray<string> aliases) =>
        _known.TryGetValue(aliases[0], out var first) && aliases.All(alias => _known.TryGetValue(alias, out var other) && other == first);

    // The conversation that others went into; null when there were none.
    private async Task MergeAsync(TenantId tenant, AccountId account, ImmutableArray<string> aliases, CancellationToken cancellationToken)
    {
        var kept = _known[aliases[0]];
        foreach (var alias in aliases.Skip(1))
        {
            var gone = _known[alias];
            if (gone != kept)
            {
                _outdated.Add(kept);
                await transcript.MergeAsync(new ConversationRef(tenant, account, kept), gone, cancellationToken);

                // The kept conversation may have kept its own name.
                _written.Clear();
                foreach (var moved in _known.Where(pair => pair.Value == gone).Select(pair => pair.Key).ToList())
                {
                    _known[moved] = kept;
                }
            }
        }
    }

    private static string? NameOf(ChannelEvent happened) => ChatTypes.IsDirect(happened) && happened.FromMe != true ? happened.SenderName : null;

    private static string? PhoneOf(ChannelEvent happened) => ChatTypes.IsDirect(happened.ChatType) && happened.FromMe != true ? happened.SenderPn : null;

    // An index entry has a limit; no provider's id comes near it, a hostile body's may.
    private static string Bounded(string alias) => alias.Length <= 512 ? alias : alias[..512];
}
