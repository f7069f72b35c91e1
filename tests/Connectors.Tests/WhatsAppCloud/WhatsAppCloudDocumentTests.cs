using System.Text.Json.Nodes;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.FakeProviders.WhatsAppCloud;

namespace Channels.Connectors.Tests.WhatsAppCloud;

/// <summary>Every request that we send, held against Meta's own description of its API, as far as that goes. Left out where the shared folder is missing.</summary>
public sealed class WhatsAppCloudDocumentTests
{
    private const string Messages = "/{Version}/{Phone-Number-ID}/messages";
    private const string Person = "447700900321";

    /// <summary>What the document has against us, and why we do it all the same. Exact: what is no longer needed must go.</summary>
    private static readonly Dictionary<string, string> _exceptions = new()
    {
        ["/biz_opaque_callback_data: is not described"] = "Meta's guide to sending has it: it comes back in every status, and is how a send without an answer is found again",
        ["/recipient: is not described"] = "user ids of 2026 go here; the document is of 2025, and in 'to' they are taken and lost",
        ["/to: is missing"] = "'recipient' stands in its place",
        ["/template/language/policy: is missing"] = "a word of the API before this one; Meta's guide to templates, and the document's own examples, leave it out",
        ["/type: says nothing that is described"] = "marking read and showing typing is posted to the same place and not described at all",
    };

    private static readonly Lazy<OpenApiDocument?> _document = new(() =>
        Places.Shared is { } shared && Path.Combine(shared, "contracts", "whatsapp-cloud-v23.yaml") is var path && File.Exists(path) ? OpenApiDocument.Load(path) : null);

    private readonly IConnector _connector = TestConnections.Connector("whatsapp_cloud");

    [Fact]
    public async Task Every_message_is_as_Meta_describes_it_but_for_what_is_known()
    {
        if (_document.Value is not { } document)
        {
            return;
        }

        var found = new HashSet<string>(StringComparer.Ordinal);
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();
        foreach (var (what, message) in AllMessages())
        {
            Assert.True(await _connector.SendAsync(WhatsAppCloudOutboundTests.To(meta), message, default) is SendOutcome.Accepted, what);
            var body = (JsonObject)JsonNode.Parse(meta.Bodies.Last())!;
            var complaints = document.Complaints(Messages, body);
            Assert.True(complaints.All(_exceptions.ContainsKey), $"{what}: {string.Join("; ", complaints)} in {body.ToJsonString()}");
            found.UnionWith(complaints);
        }

        await ((IReplyTypingConnector)_connector).ShowTypingAsync(WhatsAppCloudOutboundTests.To(meta), "wamid.A", default);
        found.UnionWith(document.Complaints(Messages, (JsonObject)JsonNode.Parse(meta.Bodies.Last())!));

        Assert.Equal(_exceptions.Keys.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_file_is_uploaded_with_the_form_that_Meta_describes()
    {
        if (_document.Value is not { } document)
        {
            return;
        }

        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();
        var file = Message("", new OutboundContent.File(FileForm.Image, null, "reference", "image/png", "a.png")) with { OpenFileAsync = _ => Task.FromResult<Stream?>(new MemoryStream([1, 2, 3])) };

        Assert.IsType<SendOutcome.Accepted>(await _connector.SendAsync(WhatsAppCloudOutboundTests.To(meta), file, default));

        var form = new JsonObject(Assert.Single(meta.Forms).Select(field => KeyValuePair.Create(field.Key, (JsonNode?)JsonValue.Create(field.Value))));
        Assert.Equal(["file", "messaging_product", "type"], form.Select(field => field.Key).Order(StringComparer.Ordinal));
        Assert.Empty(document.Complaints("/{Version}/{Phone-Number-ID}/media", form, "multipart/form-data"));
        Assert.Equal("whatsapp", (string?)form["messaging_product"]);
    }

    [Fact]
    public async Task Activation_subscribes_without_a_body_and_points_the_webhook_as_Meta_describes_it()
    {
        if (_document.Value is not { } document)
        {
            return;
        }

        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();
        await ((IProvisioningConnector)_connector).ActivateAsync(TestConnections.To(new
        {
            phone_number_id = meta.Numbers.Keys.Single(), business_account_id = "500600700800900", access_token = meta.Options.AccessToken, app_secret = meta.Options.AppSecret,
            base_url = meta.Address.ToString(), set_webhook = true,
        }), default);

        // The address is nobody's, which is Meta's answer then; what counts is the question.
        Assert.Empty(document.Complaints("/{Version}/{Phone-Number-ID}", (JsonObject)JsonNode.Parse(Assert.Single(meta.Bodies))!));
        Assert.False(document.NeedsBody("/{Version}/{WABA-ID}/subscribed_apps"));
    }

    [Fact]
    public void The_document_refuses_what_is_wrong()
    {
        if (_document.Value is not { } document)
        {
            return;
        }

        static JsonObject Body(string json) => (JsonObject)JsonNode.Parse(json)!;
        Assert.Equal(
            ["/recipient_type: is missing", "/text/words: is not described"],
            document.Complaints(Messages, Body("""{"messaging_product":"whatsapp","to":"1","type":"text","text":{"words":"x"}}""")).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["/image: fits 2 of the forms that are described"],
            document.Complaints(Messages, Body("""{"messaging_product":"whatsapp","recipient_type":"individual","to":"1","type":"image","image":{"id":"1","link":"https://a"}}""")));
        Assert.Equal(
            ["/location/latitude: is no string"],
            document.Complaints(Messages, Body("""{"messaging_product":"whatsapp","recipient_type":"individual","to":"1","type":"location","location":{"latitude":1.5,"longitude":"2"}}""")));
    }

    private static IEnumerable<(string What, OutboundMessage Message)> AllMessages()
    {
        yield return ("text", Message("We open at nine: https://shop.example", null));
        yield return ("an answer to a message", Message("Yes.", null) with { ReplyTo = "wamid.A" });
        yield return ("text to a user id", Message("Yes.", null) with { ChatId = "GB.13491208655302741918" });
        yield return ("text to a group", Message("Yes.", null) with { ChatId = "Y2FwaV9ncm91cDox" });
        foreach (var form in Enum.GetValues<FileForm>())
        {
            yield return ($"{form} by address", Message("", new OutboundContent.File(form, "https://shop.example/file", null, "image/png", "a.png")));
        }

        yield return ("image with a caption", Message("Our door.", new OutboundContent.File(FileForm.Image, "https://shop.example/a.png", null, "image/png", null)));
        yield return ("place", Message("", new OutboundContent.Place(51.5, -0.12, "Shop", "1 Harbour Road")));
        yield return ("cards", Message("", new OutboundContent.Cards([new OutboundCard("Mira Holt", "447700900322")])));
        yield return ("reaction", Message("", new OutboundContent.Reaction("wamid.A", "👍", false)));
        yield return ("reaction taken back", Message("", new OutboundContent.Reaction("wamid.A", "", false)));
        yield return ("template", Message("", new OutboundContent.Template("order_news", "en", """[{"type":"body","parameters":[{"type":"text","text":"Mira"}]}]""")));
        yield return ("buttons", Message("Which?", new OutboundContent.Interactive("Hours", "Today", [new OutboundButton("a", "Morning"), new OutboundButton("b", "Noon")], null, [])));
        yield return ("list", Message(
            "Which?", new OutboundContent.Interactive(null, null, [], "Choose", [new OutboundSection("Day", [new OutboundRow("a", "Monday", "nine to five"), new OutboundRow("b", "Tuesday", null)])])));
    }

    private static OutboundMessage Message(string text, OutboundContent? content) =>
        new(new MessageId(Guid.Parse("01990000-0000-7000-8000-000000000001")), Person, text, ReplyTo: null) { Content = content };
}
