using System.Text.Json;
using Channels.Core.Agents;
using Channels.Core.Ids;

namespace Channels.Agents.Tests;

public sealed class AgentTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Echo_says_the_same_text_back()
    {
        var outcome = await new EchoAgent().AnswerAsync(Turn("hola"), AgentSettings.None, default);

        Assert.Equal(new AgentOutcome.Reply("hola"), outcome);
    }

    [Fact]
    public async Task Echo_keeps_silent_without_text() =>
        Assert.IsType<AgentOutcome.Silent>(await new EchoAgent().AnswerAsync(Turn(null), AgentSettings.None, default));

    [Fact]
    public async Task None_never_answers() => Assert.IsType<AgentOutcome.Silent>(await new NoAgent().AnswerAsync(Turn("hola"), AgentSettings.None, default));

    [Fact]
    public void Two_agents_of_one_kind_stop_the_start() =>
        Assert.Contains(nameof(EchoAgent), Assert.Throws<InvalidOperationException>(() => new AgentCatalog([new EchoAgent(), new EchoAgent()])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_misspelt_setting_is_a_complaint() =>
        Assert.Equal("volume", Assert.Single(new EchoAgent().Check(new("echo", JsonElement.Parse("""{"kind":"echo","volume":11}""")))).Field);

    internal static AgentTurn Turn(string? text) =>
        new(
            Guid.Parse("019b0000-0000-7000-8000-000000000001"), new TenantId(Guid.Parse("019b0000-0000-7000-8000-000000000003")),
            new ConversationId(Guid.Parse("019b0000-0000-7000-8000-000000000002")), new AgentMessage("contact", "message.text", text, Noon), [], null, "en");
}
