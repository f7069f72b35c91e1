using System.Diagnostics;
using System.Text;
using Channels.Connectors.Evolution;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Tests.Evolution;

public sealed class EvolutionInboundTests
{
    private static readonly TimeSpan _generous = TimeSpan.FromSeconds(30);

    [Fact]
    public void The_gateways_token_never_gets_into_an_event() => Assert.All(
        PayloadIndex.OfSamples("Evolution") is var samples ? samples.Files : [],
        file => Assert.DoesNotContain("INSTANCE-TOKEN-OF-THE-GATEWAY", Shown(samples.BytesOf(file)), StringComparison.Ordinal));

    [Fact]
    public void Two_edits_of_one_message_have_two_keys()
    {
        var first = Edit("first words", 1_767_261_601_000);
        var second = Edit("second words", 1_767_261_602_000);

        Assert.NotEqual(EventKey.Of(first), EventKey.Of(second));
        Assert.Equal(EventKey.Of(first), EventKey.Of(Edit("first words", 1_767_261_601_000)));
    }

    [Theory]
    [InlineData("messages.update", true)]
    [InlineData("messages.delete", false)]
    public void A_deletion_that_is_only_a_status_may_be_an_edit(string name, bool mayBeAnEdit)
    {
        var deleted = Single($$$"""{"event":"{{{name}}}","instance":"a","data":{"keyId":"3B0","remoteJid":"447700900321@s.whatsapp.net","fromMe":false,"status":"DELETED"}}""");

        Assert.Equal((EventKinds.MessageDeleted, mayBeAnEdit), (deleted.Kind, deleted.MayBeAnEdit));
    }

    [Fact]
    public void A_deletion_with_the_new_words_beside_it_is_an_edit()
    {
        var edited = Single("""{"event":"messages.update","instance":"a","data":{"key":{"remoteJid":"447700900321@s.whatsapp.net","fromMe":false,"id":"3B0"},"update":{"status":"DELETED","message":{"editedMessage":{"message":{"conversation":"better words"}}}}}}""");

        Assert.Equal((EventKinds.MessageEdited, "better words", "3B0"), (edited.Kind, edited.Text, edited.TargetMessageId));
    }

    [Theory]
    [InlineData("""{"imageMessage":{"caption":"old words","url":"https://mmg.whatsapp.net/x"}}""", EventKinds.StatusSent, null)]
    [InlineData("""{"editedMessage":{"message":{"imageMessage":{"caption":"better words"}}}}""", EventKinds.MessageEdited, "better words")]
    [InlineData("""{"protocolMessage":{"type":14,"key":{"id":"3B0"},"editedMessage":{"imageMessage":{"caption":"better words"}}}}""", EventKinds.MessageEdited, "better words")]
    [InlineData("""{"extendedTextMessage":{"text":"better words"}}""", EventKinds.MessageEdited, "better words")]
    public void A_file_that_was_fetched_again_is_not_edited(string message, string kind, string? text)
    {
        var told = Single($$$"""{"event":"messages.update","instance":"a","data":{"keyId":"3B0","remoteJid":"447700900321@s.whatsapp.net","fromMe":false,"status":"SERVER_ACK","message":{{{message}}}}}""");

        Assert.Equal((kind, text), (told.Kind, told.Text));
    }

    [Theory]
    [InlineData("messages.edited", "55544433322211@lid", EventKinds.MessageEdited, null, null)]
    [InlineData("send.message.update", "55544433322211@lid", EventKinds.EchoEdited, "55544433322211@lid", true)]
    [InlineData("messages.edited", "120363000000000001@g.us", EventKinds.MessageEdited, "120363000000000001@g.us", null)]
    [InlineData("send.message.update", "120363000000000001@g.us", EventKinds.EchoEdited, "120363000000000001@g.us", true)]
    public void An_edit_that_may_be_anybodys_is_not_told_as_ours_and_in_a_hidden_chat_names_no_chat(string name, string told, string kind, string? chat, bool? fromMe)
    {
        var edited = Single($$$"""{"event":"{{{name}}}","instance":"a","sender":"447700900100@s.whatsapp.net","data":{"key":{"remoteJid":"{{{told}}}","fromMe":true,"id":"3B0"},"type":14,"editedMessage":{"conversation":"x"} }}""");

        Assert.Equal((kind, chat, fromMe, "3B0", "x"), (edited.Kind, edited.ChatId, edited.FromMe, edited.TargetMessageId, edited.Text));
        Assert.Equal((chat is null, null), (edited.ChatType is null, edited.SenderId));
    }

    [Theory]
    [InlineData("messages.upsert", """{"key":{"remoteJid":"553187654321@s.whatsapp.net","fromMe":false,"id":"3B0"},"message":{"conversation":"x"}}""")]
    [InlineData("send.message", """{"key":{"remoteJid":"553187654321@s.whatsapp.net","fromMe":true,"id":"3B0"},"message":{"conversation":"x"}}""")]
    [InlineData("messages.update", """{"keyId":"3B0","remoteJid":"553187654321@s.whatsapp.net","fromMe":true,"status":"READ"}""")]
    public void A_number_of_two_spellings_is_known_by_both(string name, string data)
    {
        var happened = Single($$"""{"event":"{{name}}","instance":"a","data":{{data}}}""");

        Assert.Equal(("553187654321@s.whatsapp.net", "5531987654321@s.whatsapp.net"), (happened.ChatId, happened.ChatAlias));
    }

    [Fact]
    public void One_message_told_as_new_as_echo_and_as_history_has_one_key()
    {
        const string Message = """{"key":{"remoteJid":"447700900321@s.whatsapp.net","fromMe":true,"id":"3B0"},"message":{"conversation":"x"},"messageTimestamp":1767261600}""";

        var keys = ((string[])["messages.upsert", "send.message", "messages.set"])
            .Select(name => EventKey.Of(Single($$"""{"event":"{{name}}","instance":"a","data":{{Message}}}""")))
            .Distinct();

        Assert.Single(keys);
    }

    [Theory]
    [InlineData("many members", "{\"event\":\"messages.upsert\",\"data\":{\"key\":{\"id\":\"a\",\"remoteJid\":\"1@s.whatsapp.net\"},\"message\":{", "\"k{0}\":{{\"message\":1}},", "\"z\":1}}}")]
    [InlineData("many wrappings side by side", "{\"event\":\"messages.upsert\",\"data\":{\"key\":{\"id\":\"a\",\"remoteJid\":\"1@s.whatsapp.net\"},\"message\":{", "\"k{0}\":{{\"message\":{{}}}},", "\"z\":1}}}")]
    [InlineData("many items", "{\"event\":\"messages.upsert\",\"data\":[", "{{\"key\":{{\"id\":\"a{0}\",\"remoteJid\":\"1@s.whatsapp.net\"}},\"message\":{{\"conversation\":\"x\"}}}},", "1]}")]
    [InlineData("a checksum of many bytes", "{\"event\":\"messages.upsert\",\"data\":{\"key\":{\"id\":\"a\",\"remoteJid\":\"1@s.whatsapp.net\"},\"message\":{\"imageMessage\":{\"fileSha256\":{", "\"{0}\":1,", "\"z\":1}}}}}")]
    [InlineData("many mentions", "{\"event\":\"messages.upsert\",\"sender\":\"2@s.whatsapp.net\",\"data\":{\"key\":{\"id\":\"a\",\"remoteJid\":\"1@s.whatsapp.net\"},\"message\":{\"conversation\":\"x\"},\"contextInfo\":{\"mentionedJid\":[", "\"{0}@s.whatsapp.net\",", "1]}}}")]
    [InlineData("many presences", "{\"event\":\"presence.update\",\"data\":{\"id\":\"1@g.us\",\"presences\":{", "\"{0}@lid\":{{}},", "\"z\":1}}}")]
    [InlineData("broken escapes", "{\"event\":\"messages.upsert\",\"data\":{\"key\":{\"id\":\"a\",\"remoteJid\":\"1@s.whatsapp.net\"},\"message\":{\"conversation\":\"", "\\ud800", "\"}}}")]
    [InlineData("many lines in a card", "{\"event\":\"messages.upsert\",\"data\":{\"key\":{\"id\":\"a\",\"remoteJid\":\"1@s.whatsapp.net\"},\"message\":{\"contactMessage\":{\"vcard\":\"", "TEL;waid=x:\\n ", "\"}}}}")]
    public void Four_megabytes_of_anything_are_read_in_time(string what, string start, string repeated, string end)
    {
        var body = new StringBuilder(start, 4_200_000);
        for (var i = 0; body.Length < 4_000_000; i++)
        {
            body.AppendFormat(System.Globalization.CultureInfo.InvariantCulture, repeated, i);
        }

        var bytes = Encoding.UTF8.GetBytes(body.Append(end).ToString());
        var started = Stopwatch.GetTimestamp();

        var read = EvolutionInbound.Normalise(new WebhookBody(bytes));

        Assert.IsType<Normalised.Events>(read);
        Assert.True(Stopwatch.GetElapsedTime(started) < _generous, $"{what}: {Stopwatch.GetElapsedTime(started)}");
    }

    [Fact]
    public void Wrappings_within_wrappings_are_read_to_the_limit_of_nesting()
    {
        var wrapped = string.Concat(Enumerable.Repeat("{\"ephemeralMessage\":{\"message\":", 100)) + "{\"conversation\":\"deep\"}" + new string('}', 200);

        Assert.Equal("deep", Single($$$"""{"event":"messages.upsert","data":{"key":{"id":"a","remoteJid":"1@s.whatsapp.net"},"message":{{{wrapped}}}}}""").Text);
    }

    private static ChannelEvent Edit(string text, long milliseconds) => Single(
        $$$"""{"event":"messages.edited","instance":"a","data":{"key":{"remoteJid":"447700900321@s.whatsapp.net","fromMe":false,"id":"3B0"},"type":14,"editedMessage":{"conversation":"{{{text}}}"},"timestampMs":"{{{milliseconds}}}"}}""");

    private static ChannelEvent Single(string body) =>
        Assert.Single(Assert.IsType<Normalised.Events>(EvolutionInbound.Normalise(new WebhookBody(Encoding.UTF8.GetBytes(body)))).Items);

    private static string Shown(byte[] body) =>
        EvolutionInbound.Normalise(new WebhookBody(body)) is Normalised.Events events ? string.Concat(events.Items.Select(one => EventComparison.AsJson(one).GetRawText() + one)) : "";
}
