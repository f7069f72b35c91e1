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
    [InlineData("front-desk", "4915112345678@s.whatsapp.net")]
    [InlineData("0198c0de-0000-7000-8000-000000000001", "4915112345678@s.whatsapp.net")]
    [InlineData("4915112345678", "20011223344@lid")]
    [InlineData("4915112345678", "")]
    public void Where_there_is_nothing_to_compare_nothing_is_wrong(string identity, string ownId) => Assert.True(WhatsAppNumber.IsSame(identity, ownId));
}
