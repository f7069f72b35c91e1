using System.Text;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Channels;

public sealed class PreviewTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string Upsert = """
        {"event":"messages.upsert","instance":"any","apikey":"T","data":{"key":{"remoteJid":"5491122223333@s.whatsapp.net","fromMe":false,"id":"3EB0A1"},
         "pushName":"Ana","message":{"conversation":"hola"},"messageType":"conversation","messageTimestamp":1760000000}}
        """;

    [PostgresFact]
    public async Task A_body_is_shown_in_the_products_words_and_nothing_is_stored()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync();

        var preview = await (await tenant.Http.PostAsync($"/api/v1/channels/{id}/preview", new StringContent(Upsert))).JsonAsync();

        var happened = Assert.Single(preview.GetProperty("events").EnumerateArray());
        Assert.Equal("message.text", happened.GetProperty("kind").GetString());
        Assert.Equal("hola", happened.GetProperty("text").GetString());
        Assert.DoesNotContain(host.Hints.Arrivals, account => account.Value == id);
    }

    [PostgresFact]
    public async Task An_unreadable_body_says_why_it_would_be_parked()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync();

        var preview = await (await tenant.Http.PostAsync($"/api/v1/channels/{id}/preview", new ByteArrayContent([0xff, 0xfe, 0x00]))).JsonAsync();

        Assert.Equal(0, preview.GetProperty("events").GetArrayLength());
        Assert.NotEqual("", preview.GetProperty("unreadable").GetString());
    }

    [PostgresFact]
    public async Task A_body_over_four_megabytes_is_too_large()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync();

        var answer = await tenant.Http.PostAsync($"/api/v1/channels/{id}/preview", new ByteArrayContent(new byte[(4 << 20) + 1]));

        await answer.ProblemAsync(413, "too_large");
    }

    [PostgresFact]
    public async Task A_simulated_message_is_committed_before_it_is_accepted()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateSimulatorAsync();

        var answer = await (await tenant.Http.SendJsonAsync(
            HttpMethod.Post, $"/api/v1/channels/{id}/simulate", """{"from":"5491122223333","text":"hola","message_id":"m-1"}""")).JsonAsync(System.Net.HttpStatusCode.Accepted);
        await using var command = host.Db.CreateCommand("select body from inbox where account_id = $1");
        command.Parameters.Add(new() { Value = id });
        var body = Encoding.UTF8.GetString((byte[])(await command.ExecuteScalarAsync())!);

        Assert.Equal("m-1", answer.GetProperty("message_id").GetString());
        Assert.Equal("""{"from":"5491122223333","text":"hola","message_id":"m-1"}""", body);
        Assert.Contains(host.Hints.Arrivals, account => account.Value == id);
    }

    [PostgresTheory]
    [InlineData("{}", "from", "text")]
    [InlineData("""{"from":"","text":""}""", "from", "text")]
    [InlineData("""{"from":1,"text":[]}""", "from", "text")]
    public async Task A_simulated_message_needs_a_sender_and_a_text(string body, params string[] fields)
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateSimulatorAsync();

        var problem = await (await tenant.Http.SendJsonAsync(HttpMethod.Post, $"/api/v1/channels/{id}/simulate", body)).ProblemAsync(422, "invalid_fields");

        Assert.Equal(fields, problem.Fields());
    }

    [PostgresFact]
    public async Task Who_waits_for_the_reply_gets_it_with_the_answer()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateSimulatorAsync();
        var conversation = await Seed.ConversationAsync(host, tenant.Id, id);
        await Seed.MessageAsync(host, tenant.Id, id, conversation, "hola");
        await Seed.MessageAsync(host, tenant.Id, id, conversation, "the reply", outbound: true, status: "sent");

        var answer = await (await tenant.Http.SendJsonAsync(
            HttpMethod.Post, $"/api/v1/channels/{id}/simulate?wait=5", """{"from":"5491122223333","text":"hola","message_id":"P-1"}""")).JsonAsync(System.Net.HttpStatusCode.Accepted);

        Assert.Equal("the reply", answer.GetProperty("replies")[0].GetProperty("text").GetString());
    }

    [PostgresFact]
    public async Task Who_waits_in_vain_is_told_that_the_message_is_accepted()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateSimulatorAsync();

        var answer = await tenant.Http.SendJsonAsync(HttpMethod.Post, $"/api/v1/channels/{id}/simulate?wait=1", """{"from":"1","text":"hola"}""");
        var strange = await tenant.Http.SendJsonAsync(HttpMethod.Post, $"/api/v1/channels/{id}/simulate?wait=NaN", """{"from":"1","text":"hola"}""");

        Assert.Equal(0, (await answer.JsonAsync(System.Net.HttpStatusCode.Accepted)).GetProperty("replies").GetArrayLength());
        Assert.Equal(["wait"], (await strange.ProblemAsync(400, "invalid_parameter")).Fields());
    }

    [PostgresFact]
    public async Task Only_a_simulator_takes_simulated_messages()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync();

        var answer = await tenant.Http.SendJsonAsync(HttpMethod.Post, $"/api/v1/channels/{id}/simulate", """{"from":"1","text":"x"}""");

        await answer.ProblemAsync(409, "wrong_channel_kind");
    }
}
