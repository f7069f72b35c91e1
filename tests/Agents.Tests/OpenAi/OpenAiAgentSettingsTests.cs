using System.Text.Json;
using Channels.Agents.OpenAi;
using Channels.Core.Agents;

namespace Channels.Agents.Tests.OpenAi;

public sealed class OpenAiAgentSettingsTests
{
    [Theory]
    [InlineData("""{"model":"m"}""", "api_key")]
    [InlineData("""{"model":"m","base_url":"https://api.openai.com/v1/"}""", "api_key")]
    [InlineData("""{"model":"m","api_key":"a b"}""", "api_key")]
    [InlineData("""{"model":"m","api_key":5}""", "api_key")]
    [InlineData("""{"api_key":"k"}""", "model")]
    [InlineData("""{"api_key":"k","model":" "}""", "model")]
    [InlineData("""{"api_key":"k","model":5}""", "model")]
    [InlineData("""{"api_key":"k","model":"m","base_url":"ftp://x"}""", "base_url")]
    [InlineData("""{"api_key":"k","model":"m","base_url":""}""", "base_url")]
    [InlineData("""{"api_key":"k","model":"m","base_url":5}""", "base_url")]
    [InlineData("""{"api_key":"k","model":"m","base_url":"http://user:pass@x/v1"}""", "base_url")]
    [InlineData("""{"api_key":"k","model":"m","base_url":"http://x/v1?key=k"}""", "base_url")]
    [InlineData("""{"api_key":"k","model":"m","base_url":"http://x/v1/chat/completions"}""", "base_url")]
    [InlineData("""{"api_key":"k","model":"m","instructions":["be kind"]}""", "instructions")]
    [InlineData("""{"api_key":"k","model":"m","temperature":"hot"}""", "temperature")]
    [InlineData("""{"api_key":"k","model":"m","temperature":2.1}""", "temperature")]
    [InlineData("""{"api_key":"k","model":"m","temperature":1e999}""", "temperature")]
    [InlineData("""{"api_key":"k","model":"m","max_history_tokens":-1}""", "max_history_tokens")]
    [InlineData("""{"api_key":"k","model":"m","max_history_tokens":"3000"}""", "max_history_tokens")]
    [InlineData("""{"api_key":"k","model":"m","max_reply_tokens":0}""", "max_reply_tokens")]
    [InlineData("""{"api_key":"k","model":"m","max_reply_tokens":1.5}""", "max_reply_tokens")]
    [InlineData("""{"api_key":"k","model":"m","max_tokens":5}""", "max_tokens")]
    public void A_setting_that_is_wrong_is_named(string settings, string field) =>
        Assert.Equal(field, Assert.Single(OpenAiAgentSettings.Check(Given(settings))).Field);

    [Theory]
    [InlineData("""{"kind":"openai","model":"gpt-5-mini","api_key":"sk-1"}""")]
    [InlineData("""{"kind":"openai","model":"llama3","base_url":"http://ollama.example:11434/v1"}""")]
    [InlineData("""{"kind":"openai","model":"m","api_key":"k","base_url":"https://x/v1","instructions":"be kind","temperature":0,"max_history_tokens":0,"max_reply_tokens":1}""")]
    public void Settings_that_are_right_are_taken(string settings) => Assert.Empty(OpenAiAgentSettings.Check(Given(settings)));

    [Fact]
    public void Settings_have_their_defaults()
    {
        var settings = Given("""{"model":"m","api_key":"k"}""");

        Assert.Equal(new Uri("https://api.openai.com/v1"), OpenAiAgentSettings.BaseUrl(settings));
        Assert.Equal(3000, OpenAiAgentSettings.MaxHistoryTokens(settings));
        Assert.Null(OpenAiAgentSettings.MaxReplyTokens(settings));
        Assert.Null(OpenAiAgentSettings.Temperature(settings));
        Assert.Equal(100, OpenAiAgentSettings.HistoryLength(settings));
    }

    [Fact]
    public void No_history_is_read_for_a_model_that_gets_none() => Assert.Equal(0, OpenAiAgentSettings.HistoryLength(Given("""{"max_history_tokens":0}""")));

    [Theory]
    [InlineData("a", 5)]
    [InlineData("aaaa", 5)]
    [InlineData("aaaaa", 6)]
    [InlineData("ñandú", 6)]
    [InlineData("你好", 6)]
    public void A_token_is_taken_to_be_four_bytes(string text, int tokens) => Assert.Equal(tokens, TokenEstimate.OfMessage(text));

    private static AgentSettings Given(string settings) => new("openai", JsonElement.Parse(settings));
}
