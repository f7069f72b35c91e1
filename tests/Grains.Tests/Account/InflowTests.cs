using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Grains.Account;

namespace Channels.Grains.Tests.Account;

/// <summary>When an account reads its table, and when what just passed through memory is enough.</summary>
public sealed class InflowTests : IAccountInbox, IArrivals
{
    private static readonly TenantId _tenant = new(new Guid(1, 0, 0, new byte[8]));
    private static readonly AccountId _account = new(new Guid(2, 0, 0, new byte[8]));

    private readonly Inflow _inflow;
    private readonly List<InboundWebhook> _table = [];
    private List<InboundWebhook>? _kept;
    private Action _whileReading = () => { };
    private int _reads;

    public InflowTests() => _inflow = new Inflow(this, this);

    [Fact]
    public async Task After_its_table_was_read_to_the_end_an_account_gets_what_arrives_from_memory()
    {
        _table.Add(Row(1));
        Assert.Equal("1", await NextAsync());

        _kept!.AddRange([Row(2), Row(3)]);

        Assert.Equal("2 3", await NextAsync());
        Assert.Equal("", await NextAsync());
        Assert.Equal(1, _reads);
    }

    [Fact]
    public async Task A_full_page_is_not_the_end()
    {
        _table.AddRange(Enumerable.Range(1, 8).Select(number => Row(number)));

        Assert.Equal("1 2 3 4 5 6 7 8+", await NextAsync());
        Assert.Null(_kept);
        Assert.Equal("1 2 3 4 5 6 7 8+", await NextAsync());
        Assert.Equal(2, _reads);
    }

    [Fact]
    public async Task A_page_that_is_cut_off_by_its_bytes_is_not_the_end()
    {
        _table.Add(Row(1, 1 << 20));

        Assert.Equal("1+", await NextAsync());
        Assert.Null(_kept);
    }

    [Fact]
    public async Task What_is_committed_while_the_table_is_read_comes_once()
    {
        _table.Add(Row(1));
        _whileReading = () =>
        {
            _table.Add(Row(2));
            _kept!.AddRange([Row(2), Row(3)]);
        };

        Assert.Equal("1 2", await NextAsync());
        Assert.Equal("3", await NextAsync());
    }

    [Fact]
    public async Task What_was_read_and_comes_from_memory_only_after_the_next_read_is_known()
    {
        _table.Add(Row(1));
        await NextAsync();
        _table.Clear();
        _inflow.Doubt(_account);
        _whileReading = () => _kept!.Add(Row(1));

        Assert.Equal("", await NextAsync());
        Assert.Equal("", await NextAsync());
    }

    [Fact]
    public async Task Who_doubts_reads_the_table()
    {
        await NextAsync();
        _kept!.Add(Row(5));
        _inflow.Doubt(_account);
        _table.AddRange([Row(4), Row(5)]);

        Assert.Equal("4 5", await NextAsync());
        Assert.Equal("", await NextAsync());
        Assert.Equal(2, _reads);
    }

    [Fact]
    public async Task A_doubt_while_the_table_is_read_is_not_answered_by_that()
    {
        _whileReading = () => _inflow.Doubt(_account);
        await NextAsync();
        _whileReading = () => { };
        _table.Add(Row(1));

        Assert.Equal("1", await NextAsync());
        Assert.Equal(2, _reads);
    }

    [Fact]
    public async Task A_read_that_fails_is_made_again()
    {
        _whileReading = () => throw new InvalidOperationException("away");
        await Assert.ThrowsAsync<InvalidOperationException>(NextAsync);
        _whileReading = () => { };
        _table.Add(Row(1));

        Assert.Equal("1", await NextAsync());
    }

    [Fact]
    public async Task Where_memory_has_too_little_room_the_table_is_read()
    {
        await NextAsync();
        _kept = null;
        _table.Add(Row(1));

        Assert.Equal("1", await NextAsync());
        Assert.NotNull(_kept);
    }

    Task<ImmutableArray<InboundWebhook>> IAccountInbox.ReadAsync(TenantId tenant, AccountId account, int limit, CancellationToken cancellationToken)
    {
        _reads++;
        _whileReading();
        return Task.FromResult(_table.Take(limit).ToImmutableArray());
    }

    Task IAccountInbox.ParkRestAsync(AccountId account, string reason, CancellationToken cancellationToken) => throw new NotSupportedException();

    void IArrivals.Add(IReadOnlyList<InboundWebhook> webhooks) => throw new NotSupportedException();

    void IArrivals.Follow(AccountId account) => _kept = [];

    void IArrivals.Leave(AccountId account) => _kept = null;

    ImmutableArray<InboundWebhook>? IArrivals.Take(AccountId account, int most)
    {
        if (_kept is null)
        {
            return null;
        }

        var taken = _kept.Take(most).ToImmutableArray();
        _kept.RemoveRange(0, taken.Length);
        return taken;
    }

    // The numbers of the rows, and a plus where there may be more.
    private async Task<string> NextAsync()
    {
        var (rows, mayBeMore) = await _inflow.NextAsync(_tenant, _account, 8, default);
        return string.Join(' ', rows.Select(row => row.Id.Value.ToByteArray()[0])) + (mayBeMore ? "+" : "");
    }

    private static InboundWebhook Row(int number, int bytes = 10) =>
        new(_tenant, _account, new WebhookId(new Guid(number, 0, 0, new byte[8])), DateTimeOffset.UnixEpoch, "", new byte[bytes]);
}
