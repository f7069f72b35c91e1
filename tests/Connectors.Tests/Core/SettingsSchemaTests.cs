using System.Text.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.Tests.Core;

public sealed class SettingsSchemaTests
{
    private static readonly JsonElement _schema = TestConnections.Connector("evolution").Manifest.SettingsSchema;

    [Fact]
    public void Good_settings_have_no_complaints()
    {
        var reading = Read("""{"base_url":"https://gateway.example","api_key":"k","instance_name":"shop","send_timeout_seconds":5}""");

        Assert.True(reading.IsValid);
        Assert.Equal(5, reading.Settings.GetProperty("send_timeout_seconds").GetInt32());
    }

    [Theory]
    [InlineData("baseURL", "apiKey", "instanceName")]
    [InlineData("BASE_URL", "API-KEY", "Instance_Name")]
    [InlineData("serverUrl", "token", "instance")]
    public void Integrators_spellings_become_our_names(string url, string key, string instance)
    {
        var reading = Read($$"""{"{{url}}":"https://gateway.example","{{key}}":"k","{{instance}}":"shop"}""");

        Assert.Empty(reading.Complaints);
        Assert.Equal(["api_key", "base_url", "instance_name"], reading.Settings.EnumerateObject().Select(setting => setting.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("""{}""", "base_url:required", "api_key:required", "instance_name:required")]
    [InlineData("""{"base_url":null,"api_key":"k","instance_name":"s"}""", "base_url:required")]
    [InlineData("""{"base_url":7,"api_key":"k","instance_name":"s"}""", "base_url:type")]
    [InlineData("""{"base_url":"gateway","api_key":"k","instance_name":"s"}""", "base_url:format", "base_url:pattern")]
    [InlineData("""{"base_url":"ftp://gateway","api_key":"k","instance_name":"s"}""", "base_url:pattern")]
    [InlineData("""{"base_url":"https://g","api_key":"","instance_name":"s"}""", "api_key:min_length", "api_key:pattern")]
    [InlineData("""{"base_url":"https://g","api_key":"k","instance_name":"a/b"}""", "instance_name:pattern")]
    [InlineData("""{"base_url":"https://g","api_key":"k","instance_name":"s","send_timeout":0}""", "send_timeout_seconds:minimum")]
    [InlineData("""{"base_url":"https://g","api_key":"k","instance_name":"s","send_timeout":1.5}""", "send_timeout_seconds:type")]
    [InlineData("""{"base_url":"https://g","api_key":"k","instance_name":"s","colour":"red"}""", "colour:unknown")]
    [InlineData("""{"base_url":"https://g","baseUrl":"https://h","api_key":"k","instance_name":"s"}""", "base_url:duplicate")]
    [InlineData("""[]""", "settings:type", "base_url:required", "api_key:required", "instance_name:required")]
    [InlineData("""{"\ud800":1}""", "settings:characters")]
    public void Every_complaint_comes_at_once_with_its_field_and_rule(string settings, params string[] expected) =>
        Assert.Equal(expected.Order(StringComparer.Ordinal), Read(settings).Complaints.Select(one => $"{one.Field}:{one.Rule}").Order(StringComparer.Ordinal));

    [Fact]
    public void A_complaint_says_what_to_do_and_never_the_value()
    {
        var complaint = Assert.Single(Read("""{"base_url":"https://g","api_key":"a secret with spaces","instance_name":"s"}""").Complaints);

        Assert.DoesNotContain("a secret", complaint.Sentence, StringComparison.Ordinal);
        Assert.Contains("without spaces", complaint.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"type":["integer","null"]}""", "null", true)]
    [InlineData("""{"type":["integer","null"]}""", "\"x\"", false)]
    [InlineData("""{"enum":["a","b"]}""", "\"b\"", true)]
    [InlineData("""{"enum":["a","b"]}""", "\"c\"", false)]
    [InlineData("""{"type":"number","maximum":2}""", "3", false)]
    [InlineData("""{"type":"boolean"}""", "true", true)]
    [InlineData("""{"type":"string","maxLength":2}""", "\"abc\"", false)]
    public void The_rules_of_a_setting_hold(string rules, string value, bool valid)
    {
        var schema = JsonSerializer.Deserialize<JsonElement>($$$"""{"properties":{"x":{{{rules}}}}}""");

        Assert.Equal(valid, SettingsSchema.Read(schema, JsonSerializer.Deserialize<JsonElement>($$"""{"x":{{value}}}""")).IsValid);
    }

    private static SettingsReading Read(string settings) => SettingsSchema.Read(_schema, JsonSerializer.Deserialize<JsonElement>(settings));
}
