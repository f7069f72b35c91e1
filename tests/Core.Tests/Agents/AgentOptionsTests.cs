using Channels.Core.Agents;

namespace Channels.Core.Tests.Agents;

public sealed class AgentOptionsTests
{
    [Fact]
    public void Texts_of_one_line_may_be_offered() => Assert.True(AgentOptions.AreValid(["Red", "Blue", "2"]));

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData(" padded")]
    [InlineData("two\nlines")]
    [InlineData("RED")]
    public void Nothing_else_may(string? wrong) => Assert.False(AgentOptions.AreValid(["Red", wrong]));

    [Fact]
    public void Neither_too_many_nor_too_long_ones()
    {
        Assert.True(AgentOptions.AreValid([.. Enumerable.Range(1, 20).Select(n => $"option {n}")]));
        Assert.False(AgentOptions.AreValid([.. Enumerable.Range(1, 21).Select(n => $"option {n}")]));
        Assert.False(AgentOptions.AreValid([new string('x', 101)]));
    }
}
