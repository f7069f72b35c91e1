using Channels.Connectors.Telegram;
using Channels.Core.Connectors;

namespace Channels.Connectors.Tests.Telegram;

public sealed class TelegramAuthenticityTests
{
    private const string Secret = "webhook-secret-0123456789";

    [Theory]
    [InlineData(Secret, true)]
    [InlineData("webhook-secret-0123456788", false)]
    [InlineData("WEBHOOK-SECRET-0123456789", false)]
    [InlineData("webhook-secret-0123456789 ", false)]
    [InlineData("webhook-secret", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Only_the_secret_itself_in_its_header_counts(string? presented, bool believed) =>
        Assert.Equal(believed, TelegramAuthenticity.IsProven(Request(name => name == "X-Telegram-Bot-Api-Secret-Token" ? presented : null), Secret));

    [Fact]
    public void The_secret_in_another_header_or_in_the_path_proves_nothing() =>
        Assert.False(TelegramAuthenticity.IsProven(new(Secret, $"secret={Secret}", name => name == "X-Telegram-Bot-Api-Secret-Token" ? null : Secret, default), Secret));

    [Theory]
    [InlineData("abc_DEF-123", true)]
    [InlineData("", false)]
    [InlineData("with.dot", false)]
    [InlineData("with~tilde", false)]
    [InlineData("ümlaut", false)]
    public void Telegram_takes_only_some_characters_as_a_secret(string secret, bool taken) => Assert.Equal(taken, TelegramAuthenticity.IsTakenByTelegram(secret));

    [Fact]
    public void Telegram_takes_no_secret_of_more_than_256_characters() => Assert.False(TelegramAuthenticity.IsTakenByTelegram(new string('a', 257)));

    private static WebhookRequest Request(Func<string, string?> header) => new("", "", header, "{}"u8.ToArray());
}
