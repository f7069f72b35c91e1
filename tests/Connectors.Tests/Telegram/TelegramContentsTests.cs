using System.Collections.Immutable;
using System.Text;
using Channels.Connectors.Telegram;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.FakeProviders.Telegram;

namespace Channels.Connectors.Tests.Telegram;

public sealed class TelegramContentsTests : IAsyncLifetime
{
    private FakeTelegram _telegram = null!;
    private FakeBot _bot = null!;

    public async Task InitializeAsync()
    {
        _telegram = await FakeTelegram.StartAsync();
        _bot = _telegram.AddBot(TelegramConnections.Token, TelegramConnections.Username);
        _bot.Person(44001).NextMessage();
    }

    public async Task DisposeAsync() => await _telegram.DisposeAsync();

    [Theory]
    [InlineData(FileForm.Image, "sendPhoto", "photo")]
    [InlineData(FileForm.Video, "sendVideo", "video")]
    [InlineData(FileForm.Audio, "sendAudio", "audio")]
    [InlineData(FileForm.Voice, "sendVoice", "voice")]
    [InlineData(FileForm.Document, "sendDocument", "document")]
    public async Task A_file_at_an_address_is_named_and_its_text_is_the_caption(FileForm form, string method, string field)
    {
        Assert.IsType<SendOutcome.Accepted>(await SendAsync(new OutboundContent.File(form, "https://files.example/a.bin", null, null, null), "look"));

        var sent = Assert.Single(_bot.Sent);
        Assert.Equal((method, "look", "https://files.example/a.bin"), (sent.Method, sent.Text, sent.Arguments[field]));
    }

    [Fact]
    public async Task A_stored_file_goes_along_with_its_name()
    {
        var message = TelegramConnections.Message("invoice") with
        {
            Content = new OutboundContent.File(FileForm.Document, null, "media-1", "application/pdf", "Rechnung 12.pdf"),
            OpenFileAsync = _ => Task.FromResult<Stream?>(new MemoryStream(new byte[321])),
        };

        Assert.IsType<SendOutcome.Accepted>(await SendAsync(message));

        var sent = Assert.Single(_bot.Sent);
        Assert.Equal(("sendDocument", "invoice", "attach:Rechnung 12.pdf:321", "44001"), (sent.Method, sent.Text, sent.Arguments["document"], sent.Arguments["chat_id"]));
    }

    [Theory]
    [InlineData("Fatura nº 12 – 請求書 🌊.pdf", "Fatura nº 12 – 請求書 🌊.pdf")]
    [InlineData("12\" sign.pdf", "12_ sign.pdf")]
    [InlineData("a;b\\c.pdf", "a_b_c.pdf")]
    [InlineData("two\r\nlines.pdf", "two__lines.pdf")]
    [InlineData("", "file")]
    public async Task A_stored_files_name_arrives_as_it_is_read_there(string name, string arrives)
    {
        var message = TelegramConnections.Message("") with
        {
            Content = new OutboundContent.File(FileForm.Document, null, "media-1", "application/pdf", name),
            OpenFileAsync = _ => Task.FromResult<Stream?>(new MemoryStream(new byte[7])),
        };

        Assert.IsType<SendOutcome.Accepted>(await SendAsync(message));

        Assert.Equal($"attach:{arrives}:7", Assert.Single(_bot.Sent).Arguments["document"]);
    }

    [Fact]
    public async Task A_stored_file_that_is_gone_is_refused()
    {
        var message = TelegramConnections.Message("") with
        {
            Content = new OutboundContent.File(FileForm.Image, null, "media-1", null, null), OpenFileAsync = _ => Task.FromResult<Stream?>(null),
        };

        Assert.Equal("file-gone", Assert.IsType<SendOutcome.Refused>(await SendAsync(message)).Code);
        Assert.Empty(_bot.Calls);
    }

    [Fact]
    public async Task A_heart_is_the_one_that_Telegram_knows()
    {
        await SendAsync(new OutboundContent.Reaction("1", "\u2764\uFE0F", false));

        Assert.Equal("""[{"type":"emoji","emoji":"❤"}]""", System.Text.RegularExpressions.Regex.Unescape(_bot.Sent[0].Arguments["reaction"]));
    }

    [Fact]
    public async Task Places_cards_and_reactions_have_calls_of_their_own()
    {
        Assert.IsType<SendOutcome.Accepted>(await SendAsync(new OutboundContent.Place(38.71, -9.14, null, null)));
        Assert.IsType<SendOutcome.Accepted>(await SendAsync(new OutboundContent.Place(38.71, -9.14, "Pier 3", null)));
        Assert.IsType<SendOutcome.Accepted>(await SendAsync(new OutboundContent.Cards([new OutboundCard("Ann", "447700900999")])));
        Assert.Equal("reaction:1", Assert.IsType<SendOutcome.Accepted>(await SendAsync(new OutboundContent.Reaction("1", "👍", false))).ProviderMessageId);

        Assert.Equal(["sendLocation", "sendVenue", "sendContact", "setMessageReaction"], _bot.Sent.Select(sent => sent.Method));
        Assert.Equal(("Pier 3", "+447700900999"), (_bot.Sent[1].Arguments["title"], _bot.Sent[2].Arguments["phone_number"]));
        Assert.Equal("""[{"type":"emoji","emoji":"👍"}]""", System.Text.RegularExpressions.Regex.Unescape(_bot.Sent[3].Arguments["reaction"]));
    }

    [Fact]
    public async Task Choices_are_buttons_below_the_text()
    {
        var choices = new OutboundContent.Interactive("Order", "Thanks", [new OutboundButton("y:1", "Yes"), new OutboundButton("n:1", "No")], null, []);

        Assert.IsType<SendOutcome.Accepted>(await SendAsync(choices, "Sure?"));

        var sent = Assert.Single(_bot.Sent);
        Assert.Equal("Order\n\nSure?\n\nThanks", sent.Text);
        Assert.Equal("""{"inline_keyboard":[[{"text":"Yes","callback_data":"y:1"}],[{"text":"No","callback_data":"n:1"}]]}""", sent.Arguments["reply_markup"]);
    }

    [Fact]
    public async Task A_lists_headings_and_descriptions_stand_above_the_buttons()
    {
        var list = new OutboundContent.Interactive(null, "Thanks", [], "Choose", [new OutboundSection("Bread", [new OutboundRow("r", "Rye", "dark"), new OutboundRow("w", "Wheat", null)])]);

        Assert.IsType<SendOutcome.Accepted>(await SendAsync(list, "Which?"));

        var sent = Assert.Single(_bot.Sent);
        Assert.Equal("Which?\n\nBread\n• Rye: dark\n• Wheat\n\nThanks", sent.Text);
        Assert.Equal("""{"inline_keyboard":[[{"text":"Rye","callback_data":"r"}],[{"text":"Wheat","callback_data":"w"}]]}""", sent.Arguments["reply_markup"]);
    }

    [Fact]
    public async Task A_text_that_is_too_long_with_what_stands_around_it_is_refused_without_asking()
    {
        var choices = new OutboundContent.Interactive("Order", null, [new OutboundButton("y", "Yes")], null, []);

        Assert.IsType<SendOutcome.Accepted>(await SendAsync(choices, new string('x', 4_089)));
        Assert.Equal("text-too-long", Assert.IsType<SendOutcome.Refused>(await SendAsync(choices, new string('x', 4_090))).Code);
        Assert.Single(_bot.Sent);
    }

    [Fact]
    public async Task A_reaction_in_a_business_chat_is_refused_because_it_would_mark_another_message()
    {
        var reaction = TelegramConnections.Message("") with { ChatId = "44001:business=bc-1", Content = new OutboundContent.Reaction("1", "👍", false) };

        Assert.Equal("not-supported", Assert.IsType<SendOutcome.Refused>(await SendAsync(reaction)).Code);
        Assert.Empty(_bot.Calls);
    }

    [Theory]
    [InlineData("https://files.example/a.bin", "image/gif", "sendAnimation")]
    [InlineData("https://files.example/wave.GIF?size=1", null, "sendAnimation")]
    [InlineData("https://files.example/a.gif", "image/png", "sendPhoto")]
    public async Task A_picture_that_moves_is_sent_as_one(string url, string? mime, string method)
    {
        Assert.IsType<SendOutcome.Accepted>(await SendAsync(new OutboundContent.File(FileForm.Image, url, null, mime, null)));

        Assert.Equal(method, Assert.Single(_bot.Sent).Method);
    }

    [Fact]
    public async Task A_forms_names_stand_in_quotes_and_its_boundary_does_not()
    {
        var message = TelegramConnections.Message("look") with { OpenFileAsync = _ => Task.FromResult<Stream?>(new MemoryStream(new byte[7])) };
        var file = new OutboundContent.File(FileForm.Image, null, "media-1", "image/png", "a.png");
        var (call, _) = TelegramContents.Of(message, file, TelegramAddress.Parse("44001"), null);

        using var body = (await TelegramContents.BodyAsync(call!, message, file, default))!;

        var form = await body.ReadAsStringAsync();
        Assert.Contains("name=\"chat_id\"", form, StringComparison.Ordinal);
        Assert.Contains("name=\"caption\"", form, StringComparison.Ordinal);
        Assert.DoesNotContain('"', body.Headers.ContentType!.ToString());
    }

    [Fact]
    public async Task What_Telegram_does_not_take_is_refused_without_asking()
    {
        var longId = new OutboundContent.Interactive(null, null, [new OutboundButton(new string('ü', 33), "Yes")], null, []);
        var twoCards = new OutboundContent.Cards(ImmutableArray.Create(new OutboundCard("A", "1"), new OutboundCard("B", "2")));

        Assert.Equal("button-id-too-long", Assert.IsType<SendOutcome.Refused>(await SendAsync(longId, "x")).Code);
        Assert.Equal("one-card-only", Assert.IsType<SendOutcome.Refused>(await SendAsync(twoCards)).Code);
        Assert.Equal("caption-too-long", Assert.IsType<SendOutcome.Refused>(await SendAsync(new OutboundContent.File(FileForm.Image, "https://a.example/", null, null, null), new string('x', 1025))).Code);
        Assert.Equal("unsupported", Assert.IsType<SendOutcome.Refused>(await SendAsync(new OutboundContent.Template("a", "en", null))).Code);
        Assert.Empty(_bot.Calls);
    }

    [Fact]
    public async Task A_file_somebody_sent_is_fetched_by_its_id()
    {
        _bot.Files["F-1"] = Encoding.UTF8.GetBytes("the bytes");
        var connector = Assert.IsAssignableFrom<IMediaFetch>(TestConnections.Connector("telegram"));
        using var kept = new MemoryStream();

        Assert.True(connector.MustFetch(new MediaReference { Id = "F-1" }));
        Assert.IsType<MediaFetchOutcome.Fetched>(await connector.FetchAsync(TelegramConnections.At(_telegram.Address), new MediaReference { Id = "F-1" }, kept, default));
        Assert.Equal("the bytes", Encoding.UTF8.GetString(kept.ToArray()));

        Assert.IsType<MediaFetchOutcome.Gone>(await connector.FetchAsync(TelegramConnections.At(_telegram.Address), new MediaReference { Id = "F-2" }, kept, default));
        await _telegram.StopAsync();
        Assert.IsType<MediaFetchOutcome.TryLater>(await connector.FetchAsync(TelegramConnections.At(_telegram.Address), new MediaReference { Id = "F-1" }, kept, default));
    }

    [Theory]
    [InlineData("""{"update_id":1,"callback_query":{"id":"77","data":"x"}}""", """{"method":"answerCallbackQuery","callback_query_id":"77"}""")]
    [InlineData("""{"update_id":1,"message":{"text":"\"callback_query\""}}""", null)]
    [InlineData("""{"update_id":1,"callback_query":7}""", null)]
    [InlineData("""{"callback_query":{"id":""", null)]
    public void A_pressed_button_is_noticed_in_the_answer_to_its_webhook(string body, string? answer) =>
        Assert.Equal(answer, ((IWebhookAnswer)TestConnections.Connector("telegram")).AnswerTo(Encoding.UTF8.GetBytes(body)) is { } said ? Encoding.UTF8.GetString(said) : null);

    private Task<SendOutcome> SendAsync(OutboundContent content, string text = "") => SendAsync(TelegramConnections.Message(text) with { Content = content });

    private Task<SendOutcome> SendAsync(OutboundMessage message) =>
        TestConnections.Connector("telegram").SendAsync(TelegramConnections.At(_telegram.Address), message, default);
}
