using System.Collections.Immutable;
using Channels.Core.Conversations;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Transcript;
using Channels.Grains.Account;
using Channels.Testing;

namespace Channels.Grains.Tests.Account;

/// <summary>Which chats an account knows, and which names it still writes down.</summary>
public sealed class ChatBookTests : ITranscript
{
    private static readonly TenantId _tenant = new(new Guid(1, 0, 0, new byte[8]));
    private static readonly AccountId _account = new(new Guid(2, 0, 0, new byte[8]));

    private readonly List<(ConversationId Conversation, string From, string To)> _moves = [];
    private readonly ConversationId _kept = new(new Guid(3, 0, 0, new byte[8]));
    private readonly ConversationId _gone = new(new Guid(4, 0, 0, new byte[8]));
    private readonly ChatBook _book;
    private Dictionary<string, ConversationId> _proposals = [];
    private bool _loses;
    private bool _losesMerge;

    public ChatBookTests() => _book = new ChatBook(this, new IdSource(new ManualClock()));

    [Fact]
    public async Task A_name_is_written_once()
    {
        await LearnAsync("phone");
        Assert.Single(Write(new ContactChange("phone", "Ann", null)));

        Assert.Empty(Write(new ContactChange("phone", "Ann", null)));
        Assert.Single(Write(new ContactChange("phone", "Ann's shop", null)));
        Assert.Single(Write(new ContactChange("phone", "Ann", null)));
    }

    [Fact]
    public async Task Of_two_names_for_one_person_the_last_stands_whichever_id_it_came_with()
    {
        await LearnAsync("phone", "hidden");
        Write(new ContactChange("phone", "Ann", null));
        Write(new ContactChange("hidden", "Ann's shop", null));

        Assert.Single(Write(new ContactChange("phone", "Ann", null)));
    }

    [Fact]
    public async Task Several_in_one_batch_are_written_all_or_none()
    {
        await LearnAsync("phone");
        Write(new ContactChange("phone", "Ann", null));

        Assert.Equal(2, Write(new ContactChange("phone", "Ann's shop", null), new ContactChange("phone", "Ann", null)).Length);
        Assert.Empty(Write(new ContactChange("phone", "Ann", null)));
    }

    [Fact]
    public void The_name_of_somebody_without_a_conversation_is_brought_each_time_and_counted()
    {
        Write(new ContactChange("stranger", "Bob", null));

        Assert.Single(Write(new ContactChange("stranger", "Bob", null)));
    }

    [Fact]
    public async Task A_number_is_known_by_its_other_spelling_besides_the_user_id()
    {
        await LearnAsync([Of("short", "user id") with { ChatSpelling = "long" }]);

        Assert.NotNull(_book.Find(Of("short")));
        Assert.Equal([_book.Find(Of("short")), _book.Find(Of("short"))], [_book.Find(Of("user id")), _book.Find(Of("long"))]);
    }

    [Fact]
    public async Task A_chat_that_moved_is_written_to_where_it_went_and_its_conversation_hears_of_it()
    {
        await LearnAsync("old");
        var conversation = _book.Find(Of("old"));

        var moved = Of("new", "old") with { Kind = EventKinds.SystemNumberChanged, Action = EventAction.LinkIdentity, MovedFrom = "old" };
        var outdated = await _book.LearnAsync(_tenant, _account, [moved], default);

        var move = Assert.Single(_moves);
        Assert.Equal((_book.Find(Of("new")), "old", "new"), (move.Conversation, move.From, move.To));
        Assert.Equal([move.Conversation], outdated);
        Assert.NotNull(conversation);
    }

    [Fact]
    public async Task What_moved_is_told_of_also_when_the_store_finds_nothing_to_move_any_more()
    {
        _proposals = new() { ["old"] = _kept, ["new"] = _kept };
        await LearnAsync("old");
        var moved = Of("new", "old") with { Kind = EventKinds.SystemNumberChanged, Action = EventAction.LinkIdentity, MovedFrom = "old" };
        _loses = true;
        await Assert.ThrowsAsync<TimeoutException>(() => LearnAsync([moved]));
        _book.Forget();

        var outdated = await _book.LearnAsync(_tenant, _account, [moved], default);

        Assert.Equal([_kept], outdated);
    }

    [Fact]
    public async Task What_went_into_another_although_nobody_heard_so_is_told_of()
    {
        _proposals = new() { ["phone"] = _kept, ["hidden"] = _gone };
        _losesMerge = true;
        await Assert.ThrowsAsync<TimeoutException>(() => LearnAsync([Of("phone", "hidden")]));
        _book.Forget();
        _proposals["hidden"] = _kept;

        Assert.Equal([_kept], await _book.LearnAsync(_tenant, _account, [Of("phone", "hidden")], default));
    }

    [Fact]
    public async Task Of_two_that_went_into_others_the_first_is_told_of_when_the_second_failed_before()
    {
        _proposals = new() { ["phone"] = _kept, ["hidden"] = _gone };
        var merging = Of("phone", "hidden");
        var moved = Of("new", "old") with { Kind = EventKinds.SystemNumberChanged, Action = EventAction.LinkIdentity, MovedFrom = "old" };
        _loses = true;
        await Assert.ThrowsAsync<TimeoutException>(() => LearnAsync([merging, moved]));
        _book.Forget();
        _proposals["hidden"] = _kept;

        var outdated = await _book.LearnAsync(_tenant, _account, [merging, moved], default);

        Assert.Contains(_kept, outdated);
        Assert.Empty(await _book.LearnAsync(_tenant, _account, [Of("other")], default));
    }

    [Fact]
    public async Task A_book_that_is_full_is_thrown_away_before_anybody_is_looked_up_in_it()
    {
        await LearnAsync([Of("known")]);
        await LearnAsync([.. Enumerable.Range(0, 10_000).Select(number => Of($"other {number}"))]);

        await LearnAsync([Of("known"), Of("new")]);

        Assert.NotNull(_book.Find(Of("known")));
        Assert.NotNull(_book.Find(Of("new")));
        Assert.Null(_book.Find(Of("other 1")));
    }

    Task<ImmutableArray<ResolvedChat>> ITranscript.ResolveAsync(TenantId tenant, AccountId account, ImmutableArray<ChatSighting> chats, CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<ResolvedChat>>([.. chats.SelectMany(chat => chat.Aliases.Select(alias => new ResolvedChat(alias, _proposals.GetValueOrDefault(alias, chat.Proposed))))]);

    Task<RecordResult> ITranscript.RecordAsync(AccountBatch batch, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<bool> ITranscript.MoveAsync(ConversationRef conversation, string from, string to, CancellationToken cancellationToken)
    {
        // Committed, and the answer lost; whoever asks again finds it moved.
        var isFirst = _moves.Count == 0;
        _moves.Add((conversation.Conversation, from, to));
        return _loses && isFirst ? Task.FromException<bool>(new TimeoutException()) : Task.FromResult(isFirst);
    }

    Task ITranscript.MergeAsync(ConversationRef kept, ConversationId gone, CancellationToken cancellationToken) =>
        _losesMerge ? Task.FromException(new TimeoutException()) : Task.CompletedTask;

    Task<EchoResult> ITranscript.SettleEchoesAsync(TenantId tenant, AccountId account, DateTimeOffset now, TimeSpan takeoverPause, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    private Task LearnAsync(string chat, string? alias = null) => LearnAsync([Of(chat, alias)]);

    private async Task LearnAsync(IEnumerable<ChannelEvent> events) => await _book.LearnAsync(_tenant, _account, events, default);

    private static ChannelEvent Of(string chat, string? alias = null) =>
        new() { Kind = "message.text", Action = EventAction.Process, ChatId = chat, ChatAlias = alias, ChatType = "direct" };

    // What the account would write of this.
    private ImmutableArray<ContactChange> Write(params ImmutableArray<ContactChange> contacts)
    {
        var unwritten = _book.Unwritten(contacts);
        _book.Written(unwritten);
        return unwritten;
    }
}
