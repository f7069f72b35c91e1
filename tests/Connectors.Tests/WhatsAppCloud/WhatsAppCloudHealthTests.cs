using System.Net;
using System.Text;
using Channels.Connectors.WhatsAppCloud;
using Channels.Core.Connectors;
using Channels.FakeProviders.WhatsAppCloud;

namespace Channels.Connectors.Tests.WhatsAppCloud;

/// <summary>How a number stands, as Meta answers when it is asked.</summary>
public sealed class WhatsAppCloudHealthTests
{
    private const string Number = "500600700800901";
    private readonly IHealthWatch _connector = (IHealthWatch)TestConnections.Connector("whatsapp_cloud");

    [Fact]
    public async Task A_number_that_works_is_well_and_shows_its_rating_its_name_and_its_limit()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();

        var well = Assert.IsType<HealthReading.Well>(await AskAsync(meta));

        Assert.Equal(
            """{"number_status":"CONNECTED","quality_rating":"GREEN","name_status":"APPROVED","messaging_limit":"TIER_2K","throughput":"STANDARD","can_send":"AVAILABLE"}""",
            well.Facts!.ToJsonString());
        Assert.Equal(TimeSpan.Zero, well.Rest);
        Assert.Single(meta.Calls);
    }

    [Theory]
    [InlineData("CONNECTED", "RED", "APPROVED", "AVAILABLE", "Ailing:quality-low")]
    [InlineData("FLAGGED", "GREEN", "APPROVED", "AVAILABLE", "Ailing:quality-low")]
    [InlineData("CONNECTED", "YELLOW", "APPROVED", "AVAILABLE", "Well")]
    [InlineData("RESTRICTED", "RED", "APPROVED", "LIMITED", "Ailing:number-restricted")]
    [InlineData("CONNECTED", "GREEN", "DECLINED", "AVAILABLE", "Ailing:name-declined")]
    [InlineData("CONNECTED", "GREEN", "APPROVED", "LIMITED", "Ailing:sending-limited")]
    [InlineData("CONNECTED", "GREEN", "APPROVED", "BLOCKED", "Ailing:sending-blocked")]
    [InlineData("SOMETHING_NEW", "GREEN", "APPROVED", "AVAILABLE", "Ailing:number-not-connected")]
    [InlineData("BANNED", "RED", "APPROVED", "BLOCKED", "Broken:account-restricted")]
    [InlineData("DISCONNECTED", "GREEN", "APPROVED", "AVAILABLE", "Broken:number-not-registered")]
    public async Task The_worst_of_what_Meta_says_is_told(string status, string quality, string name, string canSend, string expected)
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();
        var number = meta.Numbers[Number];
        (number.Status, number.Quality, number.NameStatus, number.CanSend) = (status, quality, name, canSend);

        Assert.Equal(expected, Shown(await AskAsync(meta)));
    }

    [Theory]
    [InlineData(401, 190, "Broken:unauthorized")]
    [InlineData(403, 10, "Ailing:permission-missing")]
    [InlineData(403, 200, "Ailing:permission-missing")]
    [InlineData(403, 131031, "Broken:account-restricted")]
    [InlineData(400, 133010, "Broken:number-not-registered")]
    [InlineData(400, 33, "Ailing:number-not-found")]
    [InlineData(400, 100, "Ailing:number-not-found")]
    [InlineData(400, 80007, "Unknown")]
    [InlineData(500, 131000, "Unknown")]
    [InlineData(500, 2, "Unknown")]
    public async Task An_error_stops_the_number_only_where_nothing_can_leave(int status, int code, string expected)
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();
        meta.Numbers[Number].ReadsFail = (status, code);

        Assert.Equal(expected, Shown(await AskAsync(meta)));
    }

    [Fact]
    public async Task A_Meta_that_cannot_be_reached_says_nothing_about_the_number()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();
        await meta.StopAsync();

        Assert.IsType<HealthReading.Unknown>(await AskAsync(meta));
    }

    [Fact]
    public async Task An_older_version_of_the_Graph_API_is_asked_for_what_it_knows()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();
        meta.Numbers[Number].UnknownField = "health_status";
        meta.Numbers[Number].Quality = "RED";

        Assert.Equal("Ailing:quality-low", Shown(await AskAsync(meta)));
        Assert.Equal(2, meta.Calls.Count);
    }

    [Fact]
    public async Task A_budget_that_is_nearly_spent_is_left_to_others()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();
        meta.Numbers[Number].UsedPercent = 80;

        Assert.Equal(TimeSpan.FromHours(1), Assert.IsType<HealthReading.Well>(await AskAsync(meta)).Rest);
    }

    [Fact]
    public void Calls_that_are_not_taken_any_more_rest_as_long_as_Meta_says()
    {
        using var response = new HttpResponseMessage(HttpStatusCode.BadRequest);
        response.Headers.Add("X-Business-Use-Case-Usage", """{"600":[{"type":"whatsapp","call_count":101,"total_cputime":2,"total_time":3,"estimated_time_to_regain_access":17}]}""");
        response.Headers.Add("X-App-Usage", """{"call_count":28,"total_time":25,"total_cputime":25}""");
        using var answer = WhatsAppCloudAnswer.Of(response.StatusCode, Encoding.UTF8.GetBytes("""{"error":{"code":80007}}"""), null, WhatsAppCloudUsage.Read(response.Headers));

        Assert.Equal((101, TimeSpan.FromMinutes(17)), (answer.Usage.Percent, answer.Usage.BlockedFor));
        Assert.Equal(TimeSpan.FromMinutes(17), WhatsAppCloudHealth.Read(answer).Rest);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("[]")]
    [InlineData("""{"600":7,"601":[7,{"call_count":"x"}]}""")]
    public void A_header_that_nobody_understands_says_nothing(string header)
    {
        using var response = new HttpResponseMessage(HttpStatusCode.OK);
        response.Headers.TryAddWithoutValidation("X-Business-Use-Case-Usage", header);

        Assert.Equal(default, WhatsAppCloudUsage.Read(response.Headers));
    }

    [Theory]
    [InlineData(130429, true)]
    [InlineData(80007, true)]
    [InlineData(131048, true)]
    [InlineData(131056, false)]
    [InlineData(null, false)]
    public void What_concerns_all_sends_holds_them_and_what_concerns_some_slows_them(int? code, bool holds)
    {
        var wish = WhatsAppCloudErrors.WishOf(code);

        Assert.Equal(holds, wish.Holds);
        Assert.True(wish.For > TimeSpan.Zero);
    }

    private static string Shown(HealthReading reading) => reading switch
    {
        HealthReading.Ailing ailing => $"Ailing:{ailing.Code}",
        HealthReading.Broken broken => $"Broken:{broken.Code}",
        _ => reading.GetType().Name,
    };

    private Task<HealthReading> AskAsync(FakeMeta meta) => _connector.ReadHealthAsync(WhatsAppCloudOutboundTests.To(meta), default);
}
