using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;

namespace Channels.Connectors.Tests.WhatsApp;

public sealed class WhatsAppAddressTests
{
    [Theory]
    [InlineData("+351 900-000.001", "351900000001@s.whatsapp.net", "direct", "351900000001")]
    [InlineData("351900000001", "351900000001@s.whatsapp.net", "direct", "351900000001")]
    [InlineData(" (351) 900 000 001 ", "351900000001@s.whatsapp.net", "direct", "351900000001")]
    [InlineData("351900000001@c.us", "351900000001@s.whatsapp.net", "direct", "351900000001")]
    [InlineData("351900000001:7@s.whatsapp.net", "351900000001@s.whatsapp.net", "direct", "351900000001")]
    [InlineData("99887766554433@lid", "99887766554433@lid", "direct", null)]
    [InlineData("120363099999999999@g.us", "120363099999999999@g.us", "group", null)]
    public void An_address_becomes_the_chat_that_events_name(string written, string chat, string type, string? phone) =>
        Assert.Equal(new ChatAddress(chat, type, phone), WhatsAppAddress.Read(written));

    [Theory]
    [InlineData("")]
    [InlineData("ana")]
    [InlineData("12345")]
    [InlineData("1234567890123456")]
    [InlineData("351900000001;drop")]
    [InlineData("status@broadcast")]
    [InlineData("120363000000000000@newsletter")]
    [InlineData("@g.us")]
    public void What_is_no_address_is_none(string written) => Assert.Null(WhatsAppAddress.Read(written));
}
