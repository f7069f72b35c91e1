using Channels.Core;
using Channels.Storage.Journal;
using Channels.Storage.Tests.Inbox;
using Microsoft.Extensions.Configuration;

namespace Channels.Storage.Tests.Journal;

public sealed class JournalContentsTests
{
    private static readonly DateTimeOffset _noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly JournalContents _contents = new();

    [Fact]
    public void It_knows_of_each_account_how_many_there_are_and_when_the_oldest_came()
    {
        Add(1, 1, 0);
        Add(1, 1, 5);
        Add(1, 2, 3);
        Add(2, 3, 1);

        Assert.Equal(4, _contents.Count);
        var held = _contents.Of(Webhooks.Tenant(1));
        Assert.Equal(2, held.Accounts.Count);
        Assert.Equal((3, _noon), held.Total(null));
        Assert.Equal((2, _noon), held.Total(Webhooks.Account(1)));
        Assert.Equal((1, _noon.AddSeconds(3)), held.Total(Webhooks.Account(2)));
        Assert.Equal((0, null), held.Total(Webhooks.Account(3)));
        Assert.Equal((0, null), _contents.Of(Webhooks.Tenant(3)).Total(null));
    }

    [Fact]
    public void Of_what_is_gone_it_knows_nothing()
    {
        Add(1, 1, 0);
        Add(1, 1, 5);
        Add(1, 2, 7);
        Add(2, 3, 1);

        Remove(1, 1, 0);
        Assert.Equal((1, true), (_contents.Of(Webhooks.Tenant(1)).Total(Webhooks.Account(1)).Count, _contents.Has(Webhooks.Tenant(1))));
        Remove(1, 1, 5);
        Assert.Equal([Webhooks.Account(2)], _contents.Of(Webhooks.Tenant(1)).Accounts.Keys);
        Remove(1, 2, 7);
        Remove(1, 2, 7);

        Assert.Equal(1, _contents.Count);
        Assert.False(_contents.Has(Webhooks.Tenant(1)));
        Assert.True(_contents.Has(Webhooks.Tenant(2)));
    }

    [Fact]
    public void The_oldest_is_never_said_to_have_come_before_one_that_is_gone()
    {
        Add(1, 1, 0);
        Add(1, 1, 5);
        Add(1, 1, 9);
        Remove(1, 1, 0);
        Remove(1, 1, 5);

        Assert.InRange(_contents.Of(Webhooks.Tenant(1)).Total(null).Oldest!.Value, _noon.AddSeconds(5), _noon.AddSeconds(9));
    }

    [Theory]
    [InlineData(null, 2048)]
    [InlineData("", 2048)]
    [InlineData("0", 0)]
    [InlineData("100", 100)]
    [InlineData("1000000", 1_000_000)]
    public void How_large_it_may_be_is_a_setting(string? value, int megabytes) => Assert.Equal(megabytes, SizeOf(value));

    [Theory]
    [InlineData("-1")]
    [InlineData("1000001")]
    [InlineData("99999999999")]
    [InlineData("1.5")]
    [InlineData("2 GB")]
    [InlineData(" ")]
    public void What_is_no_number_of_megabytes_is_refused(string value) =>
        Assert.StartsWith($"Channels:JournalMegabytes is '{value}', ", Assert.Throws<SettingException>(() => SizeOf(value)).Message, StringComparison.Ordinal);

    private static int SizeOf(string? value) =>
        JournalSize.Of(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Channels:JournalMegabytes"] = value }).Build());

    private void Add(int tenant, int account, int second) => _contents.Add(Webhooks.Tenant(tenant), Webhooks.Account(account), _noon.AddSeconds(second));

    private void Remove(int tenant, int account, int second) => _contents.Moved(Webhooks.Tenant(tenant), Webhooks.Account(account), _noon.AddSeconds(second));
}
