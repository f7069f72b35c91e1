using Channels.Core.Conversations;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Transcript;
using Channels.Storage.Maintenance;
using Channels.Storage.Transcript;
using Channels.Testing;

namespace Channels.Storage.Tests.Transcript;

/// <summary>Edits and deletions that come before their message, because webhooks are not ordered; and what only stood in for a message.</summary>
public sealed class EarlyChangeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = OwnMessagesStage.Noon;
    private OwnMessagesStage _stage = null!;

    public async Task InitializeAsync() => _stage = await OwnMessagesStage.OpenAsync(postgres);

    public Task DisposeAsync() => _stage.DisposeAsync().AsTask();

    [PostgresFact]
    public async Task A_message_that_was_taken_back_before_it_came_has_no_text_and_no_turn()
    {
        await ChangeAsync(Change("A", null, deleted: true));
        var said = Said("A", "should be gone");
        var result = await RecordAsync(said, Said("B", "stays"));

        Assert.Equal((2, true), (result.New.Count, result.Outdated.Contains(_stage.Where.Conversation)));
        Assert.Equal("A:-:deleted by its sender|B:stays:-", await SeenAsync());
        Assert.Equal("stays", await _stage.ScalarAsync("select string_agg(t.text, ',') from turn u join transcript t on t.id = u.message_id"));
        Assert.Equal(1L, await _stage.ScalarAsync("select dropped from drop_counter where what = 'message' and reason = 'deleted by its sender'"));
        Assert.Equal(0L, await _stage.ScalarAsync("select count(*) from early_change"));
    }

    [PostgresFact]
    public async Task An_edit_that_came_first_is_what_the_message_says_and_its_agent_reads()
    {
        await ChangeAsync(Change("A", "two", at: Noon.AddSeconds(2)));
        await ChangeAsync(Change("A", "one", at: Noon.AddSeconds(1)), Change("A", "untimed", at: null));
        var result = await RecordAsync(Said("A", "original"));

        Assert.Equal(_stage.Where.Conversation, Assert.Single(result.Outdated));
        Assert.Equal("A:two:-", await SeenAsync());
        Assert.Equal(Noon.AddSeconds(2).UtcDateTime, await _stage.ScalarAsync("select edited_at from transcript"));
        Assert.Equal(1L, await _stage.ScalarAsync("select count(*) from turn"));
    }

    [PostgresFact]
    public async Task A_deletion_stands_whatever_edits_come_before_its_message()
    {
        await ChangeAsync(Change("A", "one", at: Noon));
        await ChangeAsync(Change("A", null, deleted: true));
        await ChangeAsync(Change("A", "two", at: Noon.AddHours(1)));
        await RecordAsync(Said("A", "original"));

        Assert.Equal("A:-:deleted by its sender", await SeenAsync());
    }

    [PostgresFact]
    public async Task A_change_of_another_conversation_waits_on_and_one_that_names_none_counts_for_all()
    {
        var other = await _stage.ConversationAsync("777");
        await ChangeAsync(Change("A", "another's", where: other.Conversation), Change("B", "anybody's", where: null, isNamed: false));
        var result = await RecordAsync(Said("A", "mine"), Said("B", "mine too"));

        Assert.Equal("A:mine:-|B:anybody's:-", await SeenAsync());
        Assert.Single(result.Outdated);
        Assert.Equal("another's", await _stage.ScalarAsync("select text from early_change"));

        // Nor is it another tenant's, or another account's.
        await _stage.RunAsync($"update early_change set account_id = '{_stage.Next()}', conversation_id = '{_stage.Where.Conversation}', provider_message_id = 'C'");
        Assert.Empty((await RecordAsync(Said("C", "mine"))).Outdated);
    }

    [PostgresFact]
    public async Task It_follows_its_conversation_into_another()
    {
        var gone = await _stage.ConversationAsync("777");
        await ChangeAsync(Change("A", "edited", where: gone.Conversation));
        var merge = new MergeOperation(_stage.Where, gone.Conversation);
        await _stage.Writer.RunAsync(merge, default);
        await RecordAsync(Said("A", "original"));

        Assert.True(merge.IsDone);
        Assert.Equal("A:edited:-", await SeenAsync());
    }

    [PostgresTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_finds_its_message_when_their_conversations_become_one(bool waitsInTheOneThatGoes)
    {
        var other = await _stage.ConversationAsync("777");
        await RecordAsync(Said("A", "original"), Said("B", "original"), Said("C", "stays"));
        await ChangeAsync(Change("A", "edited", at: Noon, where: other.Conversation), Change("B", null, deleted: true, where: other.Conversation), Change("D", "waits on", where: other.Conversation));
        var (kept, gone) = waitsInTheOneThatGoes ? (_stage.Where, other.Conversation) : (other, _stage.Where.Conversation);

        var merge = new MergeOperation(kept, gone);
        await _stage.Writer.RunAsync(merge, default);

        Assert.True(merge.IsDone);
        Assert.Equal("A:edited:-|B:-:deleted by its sender|C:stays:-", await SeenAsync());
        Assert.Equal($"D:{kept.Conversation}", await _stage.ScalarAsync("select string_agg(provider_message_id || ':' || conversation_id, ',') from early_change"));
    }

    [PostgresFact]
    public async Task History_too_says_what_it_was_edited_to()
    {
        await ChangeAsync(Change("A", "edited", at: Noon));
        await RecordAsync(Past("A", "original"));

        Assert.Equal("A:edited:-", await SeenAsync());
    }

    [PostgresFact]
    public async Task One_whose_message_never_came_is_counted_when_it_is_forgotten()
    {
        await ChangeAsync(Change("A", "x"));
        await _stage.RunAsync("update early_change set at = now() - interval '3 days'");

        await new RowTrimming(_stage.Database.Requests).EarlyChangesAsync(TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(2), default);

        Assert.Equal(1L, await _stage.ScalarAsync("select dropped from drop_counter where what = 'event' and reason = 'an edit or deletion whose message never came'"));
        Assert.Equal(0L, await _stage.ScalarAsync("select count(*) from early_change"));
    }

    [PostgresFact]
    public async Task Of_two_edits_in_one_second_the_one_that_came_last_stands()
    {
        await RecordAsync(Said("A", "original"), Said("B", "original"));

        await ChangeAsync(Change("A", "first", at: Noon));
        await ChangeAsync(Change("A", "second", at: Noon));
        await ChangeAsync(Change("B", "first", at: Noon), Change("B", "second", at: Noon), Change("B", "earlier", at: Noon.AddSeconds(-1)));

        Assert.Equal("A:second:-|B:second:-", await SeenAsync());
    }

    [PostgresFact]
    public async Task A_change_of_what_is_not_answered_yet_tells_that_the_turns_are_other_ones()
    {
        await RecordAsync(Said("A", "original"));

        var edited = await ChangeAsync(Change("A", "edited", at: Noon));
        var older = await ChangeAsync(Change("A", "older", at: Noon.AddSeconds(-1)));
        await _stage.RunAsync("delete from turn");
        var answered = await ChangeAsync(Change("A", null, deleted: true));

        Assert.Equal([1, 0, 0], new[] { edited, older, answered }.Select(result => result.Outdated.Length));
    }

    [PostgresTheory]
    [InlineData("one after the other")]
    [InlineData("the file first")]
    [InlineData("together")]
    public async Task What_stands_in_for_a_message_gives_way_to_it(string order)
    {
        var (standing, real) = (Past("A", null) with { Revision = EventKey.Placeholder }, Past("A", "a caption"));
        await RecordAsync(Past("before", "before"));
        if (order == "together")
        {
            await RecordAsync(standing, real);
        }
        else
        {
            await RecordAsync(order == "the file first" ? real : standing);
            await RecordAsync(order == "the file first" ? standing : real);
        }

        Assert.Equal("A:a caption:-|before:before:-", await SeenAsync());

        // Both are known from now on, whichever comes again.
        await RecordAsync(standing with { Id = new(_stage.Next()) });
        await RecordAsync(real with { Id = new(_stage.Next()) });
        Assert.Equal("A:a caption:-|before:before:-", await SeenAsync());
    }

    [PostgresTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_taken_back_while_something_stood_in_for_it_does_not_come_back_with_its_file(bool isFirst)
    {
        var standing = Past("A", null) with { Revision = EventKey.Placeholder };
        if (isFirst)
        {
            await ChangeAsync(Change("A", null, deleted: true));
            await RecordAsync(standing);
        }
        else
        {
            await RecordAsync(standing);
            await ChangeAsync(Change("A", null, deleted: true));
        }

        await RecordAsync(Past("A", "a caption"));

        Assert.Equal("A:-:deleted by its sender", await SeenAsync());
    }

    [PostgresFact]
    public async Task Only_a_message_takes_the_place_of_what_stands_in_for_it()
    {
        await RecordAsync(Past("A", null) with { Revision = EventKey.Placeholder });
        await RecordAsync(Past("A", "👍") with { KeyClass = "reaction" }, Past("B", null) with { Revision = EventKey.Placeholder }, Past("B", "👍") with { KeyClass = "reaction" });

        Assert.Equal(2L, await _stage.ScalarAsync("select count(*) from transcript where text is null"));
    }

    [PostgresFact]
    public async Task History_wakes_nobody_for_what_it_was_edited_to()
    {
        await ChangeAsync(Change("A", "edited", at: Noon));

        Assert.Empty((await RecordAsync(Past("A", "original"))).Outdated);
    }

    private RecordedMessage Said(string id, string text) => new(
        new MessageId(_stage.Next()), _stage.Where.Conversation, false, Author.Contact, "message.text", id, "message", "", text, "received", null, null, null, Noon, null,
        StartsTurn: true, History: false);

    private RecordedMessage Past(string id, string? text) => Said(id, "") with { Kind = "history.message", Text = text, StartsTurn = false, History = true };

    private MessageChange Change(string id, string? text, bool deleted = false, DateTimeOffset? at = null, ConversationId? where = null, bool isNamed = true) =>
        new(isNamed ? where ?? _stage.Where.Conversation : null, id, text, deleted, at);

    private Task<RecordResult> RecordAsync(params RecordedMessage[] messages) => _stage.RecordAsync(_stage.Batch() with { Messages = [.. messages] });

    private Task<RecordResult> ChangeAsync(params MessageChange[] changes) => _stage.RecordAsync(_stage.Batch() with { Changes = [.. changes] });

    private Task<object?> SeenAsync() => _stage.ScalarAsync(
        "select string_agg(concat_ws(':', provider_message_id, coalesce(text, '-'), coalesce(reason, '-')), '|' order by provider_message_id) from transcript");
}
