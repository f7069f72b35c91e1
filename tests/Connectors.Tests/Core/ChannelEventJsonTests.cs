using System.Collections.Immutable;
using Channels.Core.Events;

namespace Channels.Connectors.Tests.Core;

public sealed class ChannelEventJsonTests
{
    [Theory]
    [InlineData("2025-11-21T04:40:01+00:00", "2025-11-21T04:40:01Z")]
    [InlineData("2025-11-21T05:40:01+01:00", "2025-11-21T04:40:01Z")]
    [InlineData("2025-11-21T04:40:01.02+00:00", "2025-11-21T04:40:01.020Z")]
    [InlineData("2025-11-21T04:40:01.0000001+00:00", "2025-11-21T04:40:01.0000001Z")]
    public void Times_are_utc_in_seconds_unless_there_is_more(string moment, string expected) =>
        Assert.Equal(expected, ChannelEventJson.TimeText(DateTimeOffset.Parse(moment, System.Globalization.CultureInfo.InvariantCulture)));

    [Fact]
    public void Actions_are_written_as_the_vocabulary_has_them() => Assert.Equal(
        ["ignore", "process", "store_only", "store_outbound", "reconcile_outbound", "update_message", "update_delivery", "update_connection", "update_contact",
            "update_template", "link_identity", "mark_unreachable", "mark_reachable", "throttle_account", "resume_agent", "respond"],
        Enum.GetValues<EventAction>().Select(ChannelEventJson.ActionWord));

    [Fact]
    public void A_qr_picture_is_shown_by_its_prefix_only()
    {
        var written = EventComparison.AsJson(new() { Kind = EventKinds.ConnectionQr, Action = EventAction.UpdateConnection, QrImage = "data:image/png;base64,SECRETPICTURE" });

        Assert.Equal("data:image/png;base64,", written.GetProperty("qr_image_prefix").GetString());
        Assert.DoesNotContain("SECRETPICTURE", written.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Details_stand_flat_beside_the_others()
    {
        var written = EventComparison.AsJson(new()
        {
            Kind = EventKinds.CallOffer,
            Action = EventAction.StoreOnly,
            Details = ImmutableDictionary<string, object?>.Empty.Add("call_id", "C1").Add("video", false).Add("length", 3L).Add("name", null),
        });

        Assert.Equal("""{"kind":"call.offer","action":"store_only","call_id":"C1","length":3,"name":null,"video":false}""", written.GetRawText());
    }
}
