using System.Text;
using Channels.Connectors.Evolution;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.FakeProviders.Evolution;

namespace Channels.Connectors.Tests.Evolution;

public sealed class EvolutionMediaTests
{
    private const string Message = "3B000000000000000024";
    private readonly IMediaFetch _connector = Assert.IsAssignableFrom<IMediaFetch>(TestConnections.Connector("evolution"));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(1_000_000)]
    public async Task A_file_that_the_gateway_has_kept_is_fetched_by_its_messages_id(int size)
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var sent = new byte[size];
        new Random(size).NextBytes(sent);
        gateway.AddInstance("shop").Files[Message] = sent;
        using var file = new MemoryStream();

        var outcome = await FetchAsync(gateway.Address, new MediaReference { MessageKey = Message }, file);

        Assert.IsType<MediaFetchOutcome.Fetched>(outcome);
        Assert.Equal(sent, file.ToArray());
    }

    [Fact]
    public async Task One_that_it_has_not_kept_yet_is_asked_for_again_and_the_setting_that_keeps_them_is_told()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var instance = gateway.AddInstance("shop");

        var later = Assert.IsType<MediaFetchOutcome.TryLater>(await FetchAsync(gateway.Address, new MediaReference { MessageKey = Message }, Stream.Null));
        instance.Files[Message] = [1, 2, 3];
        var found = await FetchAsync(gateway.Address, new MediaReference { MessageKey = Message }, Stream.Null);

        Assert.Contains("DATABASE_SAVE_DATA_NEW_MESSAGE", later.Reason, StringComparison.Ordinal);
        Assert.IsType<MediaFetchOutcome.Fetched>(found);
    }

    [Fact]
    public async Task What_it_has_put_into_a_bucket_comes_from_there_and_the_bucket_is_shown_no_key()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        gateway.AddInstance("shop");
        string? shown = null;
        gateway.Before = async (http, call, _) =>
        {
            if (call != "/bucket")
            {
                return false;
            }

            shown = http.Request.Headers["apikey"];
            await http.Response.Body.WriteAsync("the file"u8.ToArray());
            return true;
        };
        using var file = new MemoryStream();

        var outcome = await FetchAsync(gateway.Address, new MediaReference(Url: new Uri(gateway.Address, "/bucket").ToString()) { MessageKey = Message }, file);

        Assert.IsType<MediaFetchOutcome.Fetched>(outcome);
        Assert.Equal("the file"u8.ToArray(), file.ToArray());
        Assert.True(string.IsNullOrEmpty(shown));
    }

    [Theory]
    [InlineData("""{"status":400,"error":"Bad Request","response":{"message":["The message is not of the media type"]}}""", true)]
    [InlineData("""{"status":400,"error":"Bad Request","response":{"message":["TypeError: Cannot read properties of undefined (reading 'includes')"]}}""", true)]
    [InlineData("""{"status":400,"error":"Bad Request","response":{"message":["Error: Failed to fetch stream from https://mmg.whatsapp.net/x"]}}""", false)]
    [InlineData("no gateway's words", false)]
    public async Task What_it_will_never_have_is_given_up_and_everything_else_tried_later(string answer, bool isGone)
    {
        await using var gateway = await FakeEvolution.StartAsync();
        gateway.Before = async (http, _, _) =>
        {
            http.Response.StatusCode = 400;
            await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(answer));
            return true;
        };

        var outcome = await FetchAsync(gateway.Address, new MediaReference { MessageKey = Message }, Stream.Null);

        Assert.Equal(isGone, outcome is MediaFetchOutcome.Gone);
        Assert.Equal(!isGone, outcome is MediaFetchOutcome.TryLater);
    }

    [Theory]
    [InlineData("""{"mimetype":"image/png","base64":"aG9s"}""", true, "hol")]
    [InlineData("""{"caption":"\"base64\":\"eHh4\"","base64":"aG9s","buffer":null}""", true, "hol")]
    [InlineData("""{"base64"x"base64":"aG9s"}""", true, "hol")]
    [InlineData("""{"of": "base64", "base64" : "aG9s"}""", true, "hol")]
    [InlineData("""{"base64":"Pz8\/"}""", true, "???")]
    [InlineData("""{"base64":"aG9sYQ==","after":"base64"}""", true, "hola")]
    [InlineData("""{"base64":"aG9s""", false, "hol")]
    [InlineData("""{"base64":"aG9sY"}""", false, "hol")]
    [InlineData("""{"base64":"????"}""", false, "")]
    [InlineData("""{"base64":null}""", false, "")]
    public void A_file_is_read_out_of_the_answer_however_it_is_cut(string answer, bool isWhole, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(answer);
        for (var piece = 1; piece <= bytes.Length; piece++)
        {
            using var destination = new MemoryStream();
            using var file = new EvolutionFile(destination);
            foreach (var part in bytes.Chunk(piece))
            {
                file.Write(part);
            }

            Assert.Equal((isWhole, expected), (file.IsWhole, Encoding.UTF8.GetString(destination.ToArray())));
        }
    }

    private Task<MediaFetchOutcome> FetchAsync(Uri gateway, MediaReference media, Stream file) =>
        _connector.FetchAsync(TestConnections.ToGateway(gateway, "shop"), media, file, CancellationToken.None);
}
