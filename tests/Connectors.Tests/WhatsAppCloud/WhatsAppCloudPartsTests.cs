using System.Text;
using Channels.Connectors.WhatsAppCloud;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Tests.WhatsAppCloud;

public sealed class WhatsAppCloudPartsTests
{
    private const string First = "500600700800901";
    private const string Second = "500600700800902";
    private const string Account = "500600700800900";

    public static TheoryData<string> Samples => [.. PayloadIndex.OfSamples("WhatsAppCloud").Files];

    [Fact]
    public void A_body_about_one_number_is_that_body_uncopied()
    {
        var body = Body(Entry(Account, Message(First, "a"), Message(First, "b")), Entry(Account, Message(First, "c")));

        var part = Assert.Single(WhatsAppCloudParts.Of(body));

        Assert.Equal(new WebhookAccount("phone_number_id", First), part.Account);
        Assert.True(part.Body().Equals(new ReadOnlyMemory<byte>(body)));
    }

    [Fact]
    public void Each_number_gets_its_own_changes_byte_for_byte_and_in_order()
    {
        var body = Body(Entry(Account, Message(First, "a \\u00e9\\/"), Message(Second, "b")), Entry("77", Message(Second, "c"), Message(First, "d")));

        var parts = WhatsAppCloudParts.Of(body);

        Assert.Equal([First, Second], parts.Select(part => part.Account.Value));
        Assert.Equal(
            Encoding.UTF8.GetString(Body(Entry(Account, Message(First, "a \\u00e9\\/")), Entry("77", Message(First, "d")))), Encoding.UTF8.GetString(parts[0].Body().Span));
        Assert.Equal(["b", "c"], TextsOf(parts[1].Body()));
    }

    [Fact]
    public void What_is_about_the_account_as_a_whole_goes_by_its_id()
    {
        var parts = WhatsAppCloudParts.Of(Body(Entry(Account, """{"value":{"event":"APPROVED"},"field":"message_template_status_update"}""", Message(First, "a"))));

        Assert.Equal([new WebhookAccount("business_account_id", Account, Several: true), new WebhookAccount("phone_number_id", First)], parts.Select(part => part.Account));
    }

    [Fact]
    public void News_for_a_partner_goes_by_the_account_it_is_about()
    {
        const string News = """{"value":{"waba_info":{"owner_business_id":"5","waba_id":"500600700800910"},"event":"PARTNER_REMOVED"},"field":"account_update"}""";

        var parts = WhatsAppCloudParts.Of(Body(Entry(Account, News, """{"value":{"event":"PARTNER_ADDED"},"field":"account_update"}""", Message(First, "a"))));

        Assert.Equal(
            [new WebhookAccount("business_account_id", "500600700800910", Several: true), new WebhookAccount("business_account_id", Account, Several: true), new WebhookAccount("phone_number_id", First)],
            parts.Select(part => part.Account));
        Assert.Equal(Encoding.UTF8.GetString(Body(Entry(Account, News))), Encoding.UTF8.GetString(parts[0].Body().Span));
    }

    [Fact]
    public void The_account_may_be_named_behind_its_changes()
    {
        var parts = WhatsAppCloudParts.Of(Encoding.UTF8.GetBytes("{\"entry\":[{\"changes\":[{\"field\":\"x\",\"value\":{}}," + Message(First, "a") + "],\"time\":5,\"id\":" + Account + "}]}"));

        Assert.Equal([Account, First], parts.Select(part => part.Account.Value));
        Assert.Contains($"\"id\":{Account},\"time\":5,", Encoding.UTF8.GetString(parts[0].Body().Span), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{} x")]
    [InlineData("{\"entry\":[{\"changes\":[{\"value\":{\"metadata\":{\"phone_number_id\":\"500600700800901\"}}}]}]")]
    [InlineData("{\"entry\":[{\"changes\":[{\"value\":{\"metadata\":{\"phone_number_id\":\"not digits\"}}}]}]}")]
    [InlineData("{\"entry\":[{\"changes\":[{\"value\":{\"text\":{\"metadata\":{\"phone_number_id\":\"500600700800901\"}}}}]}]}")]
    public void A_body_that_names_nobody_is_about_nobody(string text)
    {
        var body = Encoding.UTF8.GetBytes(text);

        var part = Assert.Single(WhatsAppCloudParts.Of(body));

        Assert.False(part.Account.IsNamed);
        Assert.Equal(body, part.Body().ToArray());
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void The_door_sees_the_number_that_the_events_name(string file)
    {
        var body = PayloadIndex.OfSamples("WhatsAppCloud").BytesOf(file);
        var named = EventsOf(body).Select(happened => happened.Account).OfType<string>().Distinct();

        Assert.Equal(named, WhatsAppCloudParts.Of(body).Where(part => part.Account.Setting == "phone_number_id").Select(part => part.Account.Value));
    }

    [Fact]
    public void Cut_up_or_whole_a_body_says_the_same()
    {
        var samples = PayloadIndex.OfSamples("WhatsAppCloud");
        var mutator = new PayloadMutator(20260102);
        foreach (var file in samples.Files)
        {
            for (var i = 0; i < 40; i++)
            {
                var body = mutator.Mutate(samples.BytesOf(file));
                var parts = WhatsAppCloudParts.Of(body);

                // Nobody's bytes may end in another's part, whatever the bytes are. What is no number names nobody: it stays with the account around it.
                Assert.All(parts, part => Assert.All(
                    EventsOf(part.Body()).Select(happened => happened.Account).OfType<string>().Where(account => account.All(char.IsAsciiDigit)),
                    account => Assert.True(part.Account.Value == account || parts.Length == 1, $"{file}, mutation {i}")));
            }
        }
    }

    private static System.Collections.Immutable.ImmutableArray<ChannelEvent> EventsOf(ReadOnlyMemory<byte> body) =>
        WhatsAppCloudInbound.Normalise(new WebhookBody(body)) is Normalised.Events events ? events.Items : [];

    private static IEnumerable<string?> TextsOf(ReadOnlyMemory<byte> body) => EventsOf(body).Select(happened => happened.Text);

    private static byte[] Body(params string[] entries) => Encoding.UTF8.GetBytes($"{{\"object\":\"whatsapp_business_account\",\"entry\":[{string.Join(',', entries)}]}}");

    private static string Entry(string id, params string[] changes) => $"{{\"id\":\"{id}\",\"changes\":[{string.Join(',', changes)}]}}";

    private static string Message(string number, string text) =>
        $$$"""{"value":{"metadata":{"phone_number_id":"{{{number}}}"},"messages":[{"from":"447700900321","id":"wamid.{{{text}}}","type":"text","text":{"body":"{{{text}}}"}}]},"field":"messages"}""";
}
