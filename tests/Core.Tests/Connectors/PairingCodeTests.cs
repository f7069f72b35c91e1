using Channels.Core.Connectors;

namespace Channels.Core.Tests.Connectors;

public sealed class PairingCodeTests
{
    [Theory]
    [InlineData("data:image/png;base64,iVBORw0KGgo=", true)]
    [InlineData("data:image/jpeg;base64,/9j/4AAQ", true)]
    [InlineData("data:image/svg+xml;base64,iVBORw0KGgo=", false)]
    [InlineData("data:text/html;base64,iVBORw0KGgo=", false)]
    [InlineData("data:image/png;base64,\"><script>", false)]
    [InlineData("javascript:alert(1)", false)]
    [InlineData("https://gateway.example/qr.png", false)]
    public void Only_pictures_are_shown_as_pictures(string image, bool isShown) =>
        Assert.Equal(isShown ? image : null, PairingCode.Of("2@x", image, null)!.QrImage);

    [Fact]
    public void What_is_too_long_to_be_a_code_is_none()
    {
        Assert.Null(PairingCode.Of(new string('2', 2_001), $"data:image/png;base64,{new string('A', 64 * 1024)}", new string('A', 33)));
        Assert.Null(PairingCode.Of(null, null, null));
        Assert.Equal("ABCD1234", PairingCode.Of(new string('2', 2_001), null, "ABCD1234")!.Typed);
    }
}
