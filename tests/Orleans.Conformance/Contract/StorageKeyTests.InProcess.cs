using System.Text;
using Orleans.Reminders;
using Orleans.Runtime;
using Orleans.Storage;

namespace Channels.Orleans.Conformance.Contract;

/// <summary>Keys and hashes against values observed on Orleans.</summary>
public sealed class StorageKeyTests
{
    [Theory]
    [InlineData("counter", -747196292)]
    [InlineData("s", -1299640262)]
    public void State_names_are_hashed_as_Orleans_does(string name, int hash) => Assert.Equal(hash, (int)StableHash.Of(name));

    [Fact]
    public void Grain_keys_are_hashed_back_to_front()
    {
        Assert.Equal(new(0, 0, "ctr0", -795393108), GrainStorageKey.Of(GrainId.Create("g", "ctr0")));
        Assert.Equal(new(0, 42, null, -110949262), GrainStorageKey.Of(GrainId.Create("g", "2A")));
        Assert.Equal(
            new(7383445245961249331, -4822678189205112, null, 189902723), GrainStorageKey.Of(GrainId.Create("g", "00112233445566778899aabbccddeeff")));
    }

    [Theory]
    [InlineData("007", 7, null)]
    [InlineData("BEEF", 0xbeef, null)]
    [InlineData("07+x", 7, "x")]
    [InlineData("t1/42", 0, "t1/42")]
    [InlineData("prop:7", 0, "prop:7")]
    public void Keys_that_look_like_numbers_are_taken_for_numbers(string key, long number, string? extension)
    {
        var stored = GrainStorageKey.Of(GrainId.Create("g", key));

        Assert.Equal((0, number, extension), (stored.N0, stored.N1, stored.Extension));
    }

    [Theory]
    [InlineData("", 0x02CC5D05)]
    [InlineData("a", 0x550D7456)]
    [InlineData("abc", 0x32D153FF)]
    [InlineData("Nobody inspects the spammish repetition", 0xE2293B2F)]
    public void XxHash32_gives_its_published_values(string text, uint hash) => Assert.Equal(hash, StableHash.XxHash32(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Reminders_are_hashed_by_type_and_key() =>
        Assert.Equal(-1439345268, PostgresReminderTable.HashOf(GrainId.Create("reminded", "r/1")));
}
