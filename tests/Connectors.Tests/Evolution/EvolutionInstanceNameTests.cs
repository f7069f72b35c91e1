using System.Text;
using Channels.Connectors.Evolution;

namespace Channels.Connectors.Tests.Evolution;

public sealed class EvolutionInstanceNameTests
{
    [Theory]
    [InlineData("""{"event":"messages.upsert","instance":"shop1","data":{}}""", "shop1")]
    [InlineData("""{"data":{"instance":"inner","list":[{"instance":"deeper"}]},"instance":"shop1"}""", "shop1")]
    [InlineData("""{"instance":"shop1","instance":"shop2"}""", "shop1")]
    [InlineData("""{"instance":"caf\u00e9 \ud83d\ude00"}""", "café 😀")]
    [InlineData("""{"instance":4711}""", "4711")]
    [InlineData("""{"instance":{"id":{"name":"x"},"name":"other","instanceName":"shop1","state":"open"}}""", "shop1")]
    [InlineData("""{"instance":{"name":"shop1"}}""", "shop1")]
    [InlineData("""{"instance":"shop1", and then no JSON any more""", "shop1")]
    [InlineData("\uFEFF{\"instance\":\"shop1\"}", "shop1")]
    [InlineData("""{"data":"half a pair: \ud83d","instance":"shop1"}""", "shop1")]
    public void The_first_instance_at_the_top_is_the_name(string body, string expected) =>
        Assert.Equal(expected, EvolutionInstanceName.Find(Encoding.UTF8.GetBytes(body)));

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("not JSON")]
    [InlineData("""["instance","shop1"]""")]
    [InlineData("""{"event":"x"}""")]
    [InlineData("""{"data":{"instance":"inner"}}""")]
    [InlineData("""{"instance":""}""")]
    [InlineData("""{"instance":null}""")]
    [InlineData("""{"instance":["shop1"]}""")]
    [InlineData("""{"instance":{"name":{"name":"x"}}}""")]
    [InlineData("""{"instance":1.5}""")]
    [InlineData("""{"instance":"half a pair \ud83d"}""")]
    [InlineData("""{"instance":"a\u0000b"}""")]
    [InlineData("""{"instance":"cut sho""")]
    [InlineData("""{"broken": ,"instance":"shop1"}""")]
    [InlineData("""{"inst\ud83d":1,"INSTANCE":"shop1"}""")]
    public void A_body_that_names_no_instance_has_none(string body) => Assert.Null(EvolutionInstanceName.Find(Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void A_name_longer_than_any_is_none() =>
        Assert.Null(EvolutionInstanceName.Find(Encoding.UTF8.GetBytes($$"""{"instance":"{{new string('x', 257)}}"}""")));

    [Fact]
    public void Bytes_that_are_no_text_are_no_name_and_harm_nothing_before_it()
    {
        Assert.Null(EvolutionInstanceName.Find([.. "{\"instance\":\""u8, 0xff, 0xfe, .. "\"}"u8]));
        Assert.Equal("shop1", EvolutionInstanceName.Find([.. "{\"data\":\""u8, 0xff, 0xfe, .. "\",\"instance\":\"shop1\"}"u8]));
    }

    [Fact]
    public void Endless_nesting_is_given_up()
    {
        var body = Encoding.UTF8.GetBytes($"{{\"data\":{new string('[', 100_000)}");

        Assert.Null(EvolutionInstanceName.Find(body));
    }

    [Fact]
    public void Nothing_throws_on_any_beginning_or_damage_of_a_body()
    {
        var body = """{"event":"m","data":{"a":[1,"\u00e9"]},"instance":{"instanceName":"sh\u00f6p","x":[{}]}}"""u8.ToArray();
        var random = new Random(7);

        for (var length = 0; length <= body.Length; length++)
        {
            EvolutionInstanceName.Find(body.AsSpan(0, length));
        }

        for (var round = 0; round < 20_000; round++)
        {
            var damaged = body.ToArray();
            for (var blow = random.Next(1, 5); blow > 0; blow--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            EvolutionInstanceName.Find(damaged);
        }
    }
}
