using System.Collections.Immutable;
using Channels.Core.Connectors;

namespace Channels.Connectors.Tests.WhatsAppCloud;

public sealed class WhatsAppCloudChoicesTests
{
    private readonly IConnector _connector = TestConnections.Connector("whatsapp_cloud");

    public static TheoryData<string, string, string> TooMuch => new()
    {
        { "four buttons", "too-large", "takes 3" },
        { "two buttons of one title", "unsupported-content", "same title" },
        { "a button of 21", "text-too-long", "takes 20" },
        { "a button's id of 257", "text-too-long", "takes 256" },
        { "a header of 61", "text-too-long", "takes 60" },
        { "a footer of 61", "text-too-long", "takes 60" },
        { "a list button of 21", "text-too-long", "takes 20" },
        { "eleven rows in two sections", "too-large", "takes 10" },
        { "two sections, one without a title", "unsupported-content", "no title" },
        { "a section of 25", "text-too-long", "takes 24" },
        { "a row of 25", "text-too-long", "takes 24" },
        { "a description of 73", "text-too-long", "takes 72" },
        { "a row's id of 201", "text-too-long", "takes 200" },
    };

    [Theory]
    [MemberData(nameof(TooMuch))]
    public async Task What_WhatsApp_does_not_take_is_refused_without_a_call(string what, string code, string words)
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();

        var refused = Assert.IsType<SendOutcome.Refused>(await SendAsync(meta, Choice(what)));

        Assert.Equal(code, refused.Code);
        Assert.Contains(words, refused.Reason, StringComparison.Ordinal);
        Assert.Empty(meta.Calls);
    }

    [Theory]
    [InlineData("the most of buttons")]
    [InlineData("the most of a list")]
    [InlineData("one section without a title")]
    public async Task The_most_that_WhatsApp_takes_leaves(string what)
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();

        Assert.IsType<SendOutcome.Accepted>(await SendAsync(meta, Choice(what)));
    }

    [Fact]
    public async Task Buttons_without_a_text_are_refused_without_a_call()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();

        Assert.Equal("empty-text", Assert.IsType<SendOutcome.Refused>(await SendAsync(meta, Choice("the most of buttons"), "")).Code);
        Assert.Empty(meta.Calls);
    }

    private static OutboundContent.Interactive Choice(string what) => what switch
    {
        "four buttons" => Buttons(4),
        "two buttons of one title" => new(null, null, [new("a", "Yes"), new("b", "Yes")], null, []),
        "a button of 21" => new(null, null, [new("a", Long(21))], null, []),
        "a button's id of 257" => new(null, null, [new(Long(257), "Yes")], null, []),
        "a header of 61" => Buttons(1) with { Header = Long(61) },
        "a footer of 61" => Buttons(1) with { Footer = Long(61) },
        "a list button of 21" => List(new OutboundSection("Day", Rows(1))) with { ListLabel = Long(21) },
        "eleven rows in two sections" => List(new OutboundSection("Day", Rows(6)), new OutboundSection("Night", Rows(5))),
        "two sections, one without a title" => List(new OutboundSection("Day", Rows(1)), new OutboundSection(null, Rows(1))),
        "a section of 25" => List(new OutboundSection(Long(25), Rows(1))),
        "a row of 25" => List(new OutboundSection("Day", [new("a", Long(25), null)])),
        "a description of 73" => List(new OutboundSection("Day", [new("a", "Monday", Long(73))])),
        "a row's id of 201" => List(new OutboundSection("Day", [new(Long(201), "Monday", null)])),
        "the most of buttons" => new(Long(60), Long(60), [new("a", Smiles(20)), new(Long(256), "No"), new("c", "Later")], null, []),
        "the most of a list" => List(new OutboundSection(Long(24), Rows(9)), new OutboundSection("Night", [new(Long(200), Long(24), Long(72))])) with { ListLabel = Long(20) },
        _ => List(new OutboundSection(null, Rows(2))),
    };

    private static OutboundContent.Interactive Buttons(int count) => new(null, null, [.. Enumerable.Range(0, count).Select(at => new OutboundButton($"b{at}", $"Button {at}"))], null, []);

    private static OutboundContent.Interactive List(params OutboundSection[] sections) => new(null, null, [], "Choose", [.. sections]);

    private static ImmutableArray<OutboundRow> Rows(int count) => [.. Enumerable.Range(0, count).Select(at => new OutboundRow($"{count}-{at}", $"Row {at}", null))];

    private static string Long(int length) => new('x', length);

    private static string Smiles(int count) => string.Concat(Enumerable.Repeat("🌊", count));

    private Task<SendOutcome> SendAsync(FakeProviders.WhatsAppCloud.FakeMeta meta, OutboundContent content, string text = "Which?") =>
        _connector.SendAsync(WhatsAppCloudOutboundTests.To(meta), TestConnections.Message(text, "447700900321") with { Content = content }, CancellationToken.None);
}
