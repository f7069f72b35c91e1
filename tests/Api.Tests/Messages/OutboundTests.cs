using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using Channels.Api.Tests.Host;
using Channels.Core.Connectors;
using Channels.Core.Transcript;
using Channels.Testing;

namespace Channels.Api.Tests.Messages;

public sealed class OutboundTests(ApiHost host) : IClassFixture<ApiHost>
{
    public static TheoryData<string, OutboundContent> Contents => new()
    {
        { """{"type":"image","media":{"url":"https://f.example/a.png","mime":"image/png"},"text":"look"}""", new OutboundContent.File(FileForm.Image, "https://f.example/a.png", null, "image/png", null) },
        { """{"type":"location","location":{"latitude":41.1,"longitude":-8.6,"name":"Porto"}}""", new OutboundContent.Place(41.1, -8.6, "Porto", null) },
        { """{"type":"reaction","reaction":{"message_id":"wamid.1","emoji":"👍"}}""", new OutboundContent.Reaction("wamid.1", "👍", false) },
        { """{"type":"template","template":{"name":"ready","language":"pt_PT","components":[{"type":"body"}]}}""", new OutboundContent.Template("ready", "pt_PT", """[{"type":"body"}]""") },
        { """{"type":"contacts","contacts":[{"name":"Ana","phone":"+351 900 000 001"}]}""", new OutboundContent.Cards([new("Ana", "351900000001")]) },
        { """{"type":"interactive","text":"?","interactive":{"buttons":[{"id":"y","title":"Yes"}]}}""", new OutboundContent.Interactive(null, null, [new("y", "Yes")], null, []) },
        { """{"type":"interactive","text":"?","interactive":{"button":"Pick","sections":[{"title":"S","rows":[{"id":"1","title":"One"}]}]}}""", new OutboundContent.Interactive(null, null, [], "Pick", [new("S", [new("1", "One", null)])]) },
    };

    [PostgresTheory]
    [MemberData(nameof(Contents))]
    public async Task What_is_asked_for_reaches_the_conversation(string body, OutboundContent expected)
    {
        var (tenant, channel, conversation) = await ConversationAsync();

        await (await tenant.Http.SendJsonAsync(HttpMethod.Post, $"/api/v1/conversations/{conversation}/messages", body)).JsonAsync(HttpStatusCode.Accepted);

        var draft = host.Grains.Sent.Single(sent => sent.Conversation.Account.Value == channel).Draft;
        Assert.Equal(OutboundContentJson.Write(expected), OutboundContentJson.Write(draft.Content));
    }

    [PostgresTheory]
    [InlineData("""{"type":"song"}""", "type")]
    [InlineData("""{"type":"image"}""", "media")]
    [InlineData("""{"type":"image","media":{}}""", "media")]
    [InlineData("""{"type":"image","media":{"url":"ftp://x"}}""", "media.url")]
    [InlineData("""{"type":"image","media":{"url":"http://169.254.169.254/latest/meta-data"}}""", "media.url")]
    [InlineData("""{"type":"image","media":{"url":"http://[fd00::1]/a.png"}}""", "media.url")]
    [InlineData("""{"type":"image","media":{"url":"https://x","media_id":"sha256-1"}}""", "media")]
    [InlineData("""{"type":"image","media":{"media_id":"sha256-0000000000000000000000000000000000000000000000000000000000000000"}}""", "media.media_id")]
    [InlineData("""{"type":"location","location":{"latitude":91,"longitude":0}}""", "location")]
    [InlineData("""{"type":"contacts","contacts":[]}""", "contacts")]
    [InlineData("""{"type":"contacts","contacts":[{"name":"","phone":"none"}]}""", "contacts[0].name,contacts[0].phone")]
    [InlineData("""{"type":"contacts","contacts":[null]}""", "contacts[0].name,contacts[0].phone")]
    [InlineData("""{"type":"reaction","reaction":{"emoji":"two words"}}""", "reaction.message_id,reaction.emoji")]
    [InlineData("""{"type":"template","template":{"components":{}}}""", "template.name,template.language,template.components")]
    [InlineData("""{"type":"interactive","text":"?"}""", "interactive")]
    [InlineData("""{"type":"interactive","text":"?","interactive":{"buttons":[{"id":"a","title":"A"},{"id":"a","title":"B"}]}}""", "interactive.buttons")]
    [InlineData("""{"type":"interactive","text":"?","interactive":{"buttons":[null]}}""", "interactive.buttons[0].id,interactive.buttons[0].title")]
    [InlineData("""{"type":"interactive","text":"?","interactive":{"sections":[{"rows":[]}]}}""", "interactive.button,interactive.sections")]
    [InlineData("""{"type":"interactive","text":"?","interactive":{"button":"x","sections":[null]}}""", "interactive.sections")]
    [InlineData("""{"type":"interactive","interactive":{"buttons":[{"id":"a","title":"A"}]}}""", "text")]
    [InlineData("""{"type":"location","text":"We are here","location":{"latitude":41.1,"longitude":-8.6}}""", "text")]
    [InlineData("""{"type":"contacts","text":"Ask her","contacts":[{"name":"Ana","phone":"+351 900 000 001"}]}""", "text")]
    [InlineData("""{"type":"reaction","text":"thanks","reaction":{"message_id":"wamid.1","emoji":"x"}}""", "text")]
    [InlineData("""{"text":"x","reply_to":""}""", "reply_to")]
    public async Task Every_complaint_names_its_field(string body, string fields)
    {
        var (tenant, channel, conversation) = await ConversationAsync();

        var problem = await (await tenant.Http.SendJsonAsync(HttpMethod.Post, $"/api/v1/conversations/{conversation}/messages", body)).ProblemAsync(422, "invalid_fields");

        Assert.Equal(fields.Split(','), problem.Fields());
        Assert.DoesNotContain(host.Grains.Sent, sent => sent.Conversation.Account.Value == channel);
    }

    // What Meta, say, answers with "invalid parameter": known beforehand, and said to whoever can mend it.
    [PostgresTheory]
    [InlineData("whatsapp_cloud", """{"type":"interactive","text":"?","interactive":{"buttons":[{"id":"1","title":"A"},{"id":"2","title":"B"},{"id":"3","title":"C"},{"id":"4","title":"D"}]}}""", "interactive", "4 buttons; WhatsApp takes 3")]
    [InlineData("whatsapp_cloud", """{"type":"interactive","text":"?","interactive":{"button":"A list whose word is too long","sections":[{"rows":[{"id":"1","title":"A"}]}]}}""", "interactive", "29 characters; WhatsApp takes 20")]
    [InlineData("whatsapp_cloud", """{"type":"audio","text":"listen","media":{"url":"https://f.example/a.ogg"}}""", "text", "no-caption")]
    [InlineData("evolution", """{"type":"sticker","text":"look","media":{"url":"https://f.example/a.webp"}}""", "text", "no-caption")]
    [InlineData("waha", """{"type":"voice","text":"listen","media":{"url":"https://f.example/a.ogg"}}""", "text", "no-caption")]
    [InlineData("telegram", """{"type":"sticker","text":"look","media":{"url":"https://f.example/a.webp"}}""", "text", "caption-on-sticker")]
    [InlineData("telegram", """{"type":"contacts","contacts":[{"name":"Ana","phone":"+351900000001"},{"name":"Rui","phone":"+351900000002"}]}""", "contacts", "one contact card")]
    public async Task What_a_kinds_provider_would_not_take_is_refused_at_once(string kind, string body, string field, string words)
    {
        var tenant = await host.TenantAsync();
        var channel = kind switch
        {
            "evolution" => await tenant.CreateEvolutionAsync(),
            "waha" => await tenant.CreateWahaAsync(),
            "telegram" => await tenant.CreateTelegramAsync(),
            _ => await tenant.CreateCloudAsync(),
        };
        var to = kind == "telegram" ? "77" : "351900000001";

        var problem = await (await tenant.Http.SendJsonAsync(HttpMethod.Post, $"/api/v1/accounts/{channel}/messages", $$"""{"to":"{{to}}",{{body[1..]}}""")).ProblemAsync(422, "invalid_fields");

        Assert.Equal([field], problem.Fields());
        Assert.Contains(words, problem.GetProperty("errors")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(host.Grains.Opened, opened => opened.Account.Value == channel);
    }

    [PostgresTheory]
    [InlineData(1025, """{"type":"image","media":{"url":"https://f.example/a.jpg"}""", "caption-too-long")]
    [InlineData(4090, """{"type":"interactive","interactive":{"header":"Monday","buttons":[{"id":"1","title":"A"}]}""", "text-too-long")]
    public async Task A_text_that_is_too_long_for_where_it_stands_is_refused_at_once(int length, string body, string word)
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateTelegramAsync();

        var problem = await (await tenant.Http.SendJsonAsync(
            HttpMethod.Post, $"/api/v1/accounts/{channel}/messages", $$"""{{body}},"to":"77","text":"{{new string('x', length)}}"}""")).ProblemAsync(422, "invalid_fields");

        Assert.Equal(["text"], problem.Fields());
        Assert.Contains(word, problem.GetProperty("errors")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(host.Grains.Opened, opened => opened.Account.Value == channel);
    }

    [PostgresFact]
    public async Task An_account_writes_to_an_address()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();

        var answer = await (await tenant.Http.PostAsJsonAsync($"/api/v1/accounts/{channel}/messages", new { to = "5491122223333", text = "hello", author = "program" }))
            .JsonAsync(HttpStatusCode.Accepted);

        Assert.Equal(("5491122223333", "direct"), host.Grains.Opened.Where(opened => opened.Account.Value == channel).Select(opened => (opened.ChatId, opened.ChatType)).Single());
        var sent = host.Grains.Sent.Single(sent => sent.Conversation.Account.Value == channel);
        Assert.Equal((answer.GetProperty("id").GetGuid(), "hello", Author.Program), (sent.Message.Value, sent.Draft.Text, sent.Draft.Author));
        Assert.Equal(channel, answer.GetProperty("channel_id").GetGuid());
    }

    [PostgresTheory]
    [InlineData("""{"text":"x"}""", "to")]
    [InlineData("""{"to":"1","conversation_id":"01900000-0000-7000-8000-000000000000","text":"x"}""", "to")]
    [InlineData("""{"to":"","text":"x"}""", "to")]
    [InlineData("""{"conversation_id":"01900000-0000-7000-8000-000000000000","text":"x"}""", "conversation_id")]
    [InlineData("""{"to":"1","text":"x","author":"ghost"}""", "author")]
    public async Task Whom_it_is_for_is_said_once_and_clearly(string body, string field)
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();

        var problem = await (await tenant.Http.SendJsonAsync(HttpMethod.Post, $"/api/v1/accounts/{channel}/messages", body)).ProblemAsync(422, "invalid_fields");

        Assert.Equal([field], problem.Fields());
        Assert.DoesNotContain(host.Grains.Opened, opened => opened.Account.Value == channel);
    }

    [PostgresFact]
    public async Task A_conversation_of_another_account_of_the_same_tenant_is_none_of_this_ones()
    {
        var (tenant, _, conversation) = await ConversationAsync();
        var other = await tenant.CreateSimulatorAsync("another");

        var problem = await (await tenant.Http.PostAsJsonAsync($"/api/v1/accounts/{other}/messages", new { conversation_id = conversation, text = "x" })).ProblemAsync(422, "invalid_fields");

        Assert.Equal(["conversation_id"], problem.Fields());
    }

    [PostgresFact]
    public async Task An_id_of_ours_stands_for_the_providers()
    {
        var (tenant, channel, conversation) = await ConversationAsync();
        var message = await Seed.MessageAsync(host, tenant.Id, channel, conversation, "hola");
        var elsewhere = await Seed.MessageAsync(host, tenant.Id, channel, await Seed.ConversationAsync(host, tenant.Id, channel, "other"), "hola");

        await (await tenant.Http.PostAsJsonAsync($"/api/v1/conversations/{conversation}/messages", new { text = "yes", reply_to = message })).JsonAsync(HttpStatusCode.Accepted);
        var problem = await (await tenant.Http.PostAsJsonAsync($"/api/v1/conversations/{conversation}/messages", new { text = "yes", reply_to = elsewhere })).ProblemAsync(422, "invalid_fields");

        Assert.Equal("P-1", host.Grains.Sent.Single(sent => sent.Conversation.Account.Value == channel).Draft.ReplyTo);
        Assert.Equal(["reply_to"], problem.Fields());
    }

    [PostgresTheory]
    [InlineData("reply_to", "text")]
    [InlineData("reaction.message_id", "reaction")]
    public async Task A_message_that_is_none_of_the_tenants_cannot_be_answered(string field, string type)
    {
        var (tenant, channel, conversation) = await ConversationAsync();
        var (other, otherChannel, otherConversation) = await ConversationAsync();
        var foreign = await Seed.MessageAsync(host, other.Id, otherChannel, otherConversation, "hola");

        foreach (var message in new[] { Seed.NewId(), foreign })
        {
            object body = type == "text" ? new { text = "yes", reply_to = message } : new { type, reaction = new { message_id = message, emoji = "👍" } };
            var problem = await (await tenant.Http.PostAsJsonAsync($"/api/v1/conversations/{conversation}/messages", body)).ProblemAsync(422, "invalid_fields");
            Assert.Equal((field, "is no message of this conversation; it may have been deleted."), (problem.Fields().Single(), problem.GetProperty("errors")[0].GetProperty("message").GetString()));
        }

        Assert.DoesNotContain(host.Grains.Sent, sent => sent.Conversation.Account.Value == channel);
    }

    [PostgresTheory]
    [InlineData("wamid.FROM-BEFORE-US")]
    [InlineData("AC5D8E9F00112233445566778899AABB")]
    [InlineData("7d444840-9dc0-41d1-b245-5ffdce74fad2")]
    public async Task A_message_that_only_the_provider_may_know_is_answered_by_its_id_there(string message)
    {
        var (tenant, channel, conversation) = await ConversationAsync();

        await (await tenant.Http.PostAsJsonAsync($"/api/v1/conversations/{conversation}/messages", new { text = "yes", reply_to = message })).JsonAsync(HttpStatusCode.Accepted);

        Assert.Equal(message, host.Grains.Sent.Single(sent => sent.Conversation.Account.Value == channel).Draft.ReplyTo);
    }

    [PostgresFact]
    public async Task A_providers_id_of_the_same_form_as_ours_is_known_by_its_message()
    {
        var (tenant, channel, conversation) = await ConversationAsync();
        var message = await Seed.MessageAsync(host, tenant.Id, channel, conversation, "hola");
        var theirs = Guid.Parse("7d444840-9dc0-41d1-b245-5ffdce74fad2");
        await Seed.RunAsync(host.Db, "update transcript set provider_message_id = $2 where id = $1", message, theirs.ToString());

        await (await tenant.Http.PostAsJsonAsync($"/api/v1/conversations/{conversation}/messages", new { text = "yes", reply_to = theirs })).JsonAsync(HttpStatusCode.Accepted);

        Assert.Equal(theirs.ToString(), host.Grains.Sent.Single(sent => sent.Conversation.Account.Value == channel).Draft.ReplyTo);
    }

    [PostgresTheory]
    [InlineData("reply_to", "text")]
    [InlineData("reaction.message_id", "reaction")]
    public async Task A_complaint_about_what_it_answers_opens_no_conversation(string field, string type)
    {
        var (tenant, channel, conversation) = await ConversationAsync();
        var elsewhere = await Seed.MessageAsync(host, tenant.Id, channel, conversation, "hola");
        object message = type == "text"
            ? new { to = "5491199999999", text = "yes", reply_to = elsewhere }
            : new { to = "5491199999999", type, reaction = new { message_id = elsewhere, emoji = "👍" } };

        var problem = await (await tenant.Http.PostAsJsonAsync($"/api/v1/accounts/{channel}/messages", message)).ProblemAsync(422, "invalid_fields");

        Assert.Equal([field], problem.Fields());
        Assert.DoesNotContain(host.Grains.Opened, opened => opened.Account.Value == channel);
    }

    [PostgresFact]
    public async Task A_reaction_knows_whose_message_it_is_about_by_either_id()
    {
        var (tenant, channel, conversation) = await ConversationAsync();
        await Seed.MessageAsync(host, tenant.Id, channel, conversation, "ours", outbound: true, status: "sent");

        await (await tenant.Http.PostAsJsonAsync($"/api/v1/conversations/{conversation}/messages", new { type = "reaction", reaction = new { message_id = "P-1", emoji = "👍" } })).JsonAsync(HttpStatusCode.Accepted);
        await (await tenant.Http.PostAsJsonAsync($"/api/v1/conversations/{conversation}/messages", new { type = "reaction", reaction = new { message_id = "P-unknown", emoji = "👍" } })).JsonAsync(HttpStatusCode.Accepted);

        var reactions = host.Grains.Sent.Where(sent => sent.Conversation.Account.Value == channel).Select(sent => Assert.IsType<OutboundContent.Reaction>(sent.Draft.Content)).ToList();
        Assert.Equal([("P-1", true), ("P-unknown", false)], reactions.Select(reaction => (reaction.Target, reaction.TargetFromMe)));
    }

    [PostgresTheory]
    [InlineData(null, "549")]
    [InlineData("""{"sender_lid":"77@lid","addressing_mode":"pn"}""", "549")]
    [InlineData("""{"sender_lid":"77@lid","addressing_mode":"lid"}""", "77@lid")]
    public async Task A_reaction_says_who_wrote_the_message_in_the_form_the_chat_knows_them_by(string? details, string sender)
    {
        var (tenant, channel, conversation) = await ConversationAsync();
        var message = await Seed.MessageAsync(host, tenant.Id, channel, conversation, "hola", details: details);

        foreach (var id in (string[])["P-1", message.ToString()])
        {
            await (await tenant.Http.PostAsJsonAsync($"/api/v1/conversations/{conversation}/messages", new { type = "reaction", reaction = new { message_id = id, emoji = "👍" } })).JsonAsync(HttpStatusCode.Accepted);
        }

        var reactions = host.Grains.Sent.Where(sent => sent.Conversation.Account.Value == channel).Select(sent => Assert.IsType<OutboundContent.Reaction>(sent.Draft.Content)).ToList();
        Assert.Equal([sender, sender], reactions.Select(reaction => reaction.TargetSender));
    }

    [PostgresFact]
    public async Task A_file_is_kept_once_and_sent_by_its_owner_alone()
    {
        var (tenant, channel, conversation) = await ConversationAsync();
        var (stranger, _, strangers) = await ConversationAsync();
        var file = Encoding.UTF8.GetBytes($"file of {conversation}");

        var first = await (await UploadAsync(tenant, file)).JsonAsync(HttpStatusCode.Created);
        var second = await (await UploadAsync(tenant, file)).JsonAsync(HttpStatusCode.Created);
        var media = first.GetProperty("media_id").GetString();
        var body = new { type = "document", media = new { media_id = media, filename = "f.txt" } };
        await (await tenant.Http.PostAsJsonAsync($"/api/v1/conversations/{conversation}/messages", body)).JsonAsync(HttpStatusCode.Accepted);
        var refused = await (await stranger.Http.PostAsJsonAsync($"/api/v1/conversations/{strangers}/messages", body)).ProblemAsync(422, "invalid_fields");
        var empty = await (await UploadAsync(tenant, [])).ProblemAsync(422, "invalid_fields");

        Assert.Equal(media, second.GetProperty("media_id").GetString());
        Assert.Equal(file, await tenant.Http.GetByteArrayAsync($"/api/v1/media/{media}"));
        Assert.Equal(media, Assert.IsType<OutboundContent.File>(host.Grains.Sent.Single(sent => sent.Conversation.Account.Value == channel).Draft.Content).Reference);
        Assert.Equal(["media.media_id"], refused.Fields());
        Assert.Equal(["(body)"], empty.Fields());
    }

    [PostgresTheory]
    [InlineData("%PDF-1.7", "document", null, null, "application/pdf")]
    [InlineData("%PDF-1.7", "document", "notes.txt", null, "text/plain")]
    [InlineData("%PDF-1.7", "document", "notes.txt", "application/x-own", "application/x-own")]
    [InlineData("nobody knows", "document", null, null, null)]
    [InlineData("OggS", "voice", "note.ogg", null, "audio/ogg")]
    [InlineData("RIFF    WAVE", "audio", null, null, "audio/wav")]
    [InlineData("RIFFx", "document", null, null, null)]
    [InlineData("    ftypisom", "video", null, null, "video/mp4")]
    [InlineData("    ftypheic", "document", null, null, null)]
    public async Task A_stored_file_of_which_nobody_says_the_type_is_looked_at(string content, string type, string? filename, string? mime, string? expected)
    {
        var (tenant, channel, conversation) = await ConversationAsync();
        var media = (await (await UploadAsync(tenant, Encoding.UTF8.GetBytes(content))).JsonAsync(HttpStatusCode.Created)).GetProperty("media_id").GetString();

        await (await tenant.Http.PostAsJsonAsync($"/api/v1/conversations/{conversation}/messages", new { type, media = new { media_id = media, filename, mime } })).JsonAsync(HttpStatusCode.Accepted);

        Assert.Equal(expected, Assert.IsType<OutboundContent.File>(host.Grains.Sent.Single(sent => sent.Conversation.Account.Value == channel).Draft.Content).Mime);
    }

    [PostgresFact]
    public async Task A_message_says_where_it_stands_in_the_queue_and_what_holds_it_up()
    {
        var (tenant, channel, conversation) = await ConversationAsync();
        var first = await QueuedAsync(tenant, channel, conversation);
        var second = await QueuedAsync(tenant, channel, conversation);

        var answer = await (await tenant.Http.GetAsync($"/api/v1/messages/{second}")).JsonAsync();

        Assert.Equal((conversation, channel, second), (answer.GetProperty("conversation_id").GetGuid(), answer.GetProperty("channel_id").GetGuid(), answer.GetProperty("message").GetProperty("id").GetGuid()));
        var queue = answer.GetProperty("queue");
        Assert.Equal(2, queue.GetProperty("position").GetInt32());
        Assert.Contains("pending", queue.GetProperty("hold").GetProperty("what").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, (await (await tenant.Http.GetAsync($"/api/v1/messages/{first}")).JsonAsync()).GetProperty("queue").GetProperty("position").GetInt32());
    }

    private static async Task<HttpResponseMessage> UploadAsync(TenantUnderTest tenant, byte[] file)
    {
        using var content = new ByteArrayContent(file);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        return await tenant.Http.PostAsync("/api/v1/media", content);
    }

    private async Task<Guid> QueuedAsync(TenantUnderTest tenant, Guid channel, Guid conversation)
    {
        var message = await Seed.MessageAsync(host, tenant.Id, channel, conversation, "out", outbound: true, status: "queued");
        await Seed.RunAsync(
            host.Db, "insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at) values ($1, $2, $3, $4, 0, 0, now())",
            tenant.Id.Value, channel, message, conversation);
        return message;
    }

    private async Task<(TenantUnderTest Tenant, Guid Channel, Guid Conversation)> ConversationAsync()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        return (tenant, channel, await Seed.ConversationAsync(host, tenant.Id, channel));
    }
}
