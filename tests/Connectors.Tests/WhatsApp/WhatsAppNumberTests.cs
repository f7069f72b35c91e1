using Channels.Connectors.WhatsApp;

namespace Channels.Connectors.Tests.WhatsApp;

public sealed class WhatsAppNumberTests
{
    [Theory]
    [InlineData("4915112345678", "4915112345678@s.whatsapp.net")]
    [InlineData("+49 (151) 1234-5678", "4915112345678@s.whatsapp.net")]
    [InlineData("004915112345678", "4915112345678:12@s.whatsapp.net")]
    [InlineData("5511987654321", "551187654321@s.whatsapp.net")]
    [InlineData("551187654321", "5511987654321@s.whatsapp.net")]
    [InlineData("5215512345678", "525512345678@s.whatsapp.net")]
    [InlineData("5491123456789", "541123456789@s.whatsapp.net")]
    public void The_same_number_in_another_spelling_is_the_same(string identity, string ownId) => Assert.True(WhatsAppNumber.IsSame(identity, ownId));

    [Theory]
    [InlineData("4915112345678", "4915112345679@s.whatsapp.net")]
    [InlineData("5511987654321", "551187654322@s.whatsapp.net")]
    public void Another_number_is_another(string identity, string ownId) => Assert.False(WhatsAppNumber.IsSame(identity, ownId));

    [Theory]
    [InlineData("5531987654321", "553187654321")]
    [InlineData("5215512345678", "525512345678")]
    public void A_mobile_of_two_spellings_has_the_other(string longer, string shorter)
    {
        Assert.Equal(shorter, WhatsAppNumber.OtherSpelling(longer));
        Assert.Equal(longer, WhatsAppNumber.OtherSpelling(shorter));
    }

    [Theory]
    [InlineData("5511987654321")]
    [InlineData("551187654321")]
    [InlineData("5531932654321")]
    [InlineData("553132654321")]
    [InlineData("5531887654321")]
    [InlineData("5225512345678")]
    [InlineData("5491123456789")]
    [InlineData("541123456789")]
    [InlineData("447700900321")]
    [InlineData("55")]
    [InlineData("")]
    public void What_may_be_two_lines_has_no_other_spelling(string digits) => Assert.Null(WhatsAppNumber.OtherSpelling(digits));

    [Theory]
    [InlineData("front-desk", "4915112345678@s.whatsapp.net")]
    [InlineData("0198c0de-0000-7000-8000-000000000001", "4915112345678@s.whatsapp.net")]
    [InlineData("4915112345678", "20011223344@lid")]
    [InlineData("4915112345678", "")]
    public void Where_there_is_nothing_to_compare_nothing_is_wrong(string identity, string ownId) => Assert.True(WhatsAppNumber.IsSame(identity, ownId));
}
