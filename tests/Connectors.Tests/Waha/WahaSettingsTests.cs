using System.Text.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.Tests.Waha;

public sealed class WahaSettingsTests
{
    private static readonly ChannelManifest _manifest = TestConnections.Connector("waha").Manifest;

    [Theory]
    [InlineData("""{"baseURL":"https://waha.example","sessionID":"shop","apiKey":"k"}""")]
    [InlineData("""{"base_url":"https://waha.example","session":"shop","auth":{"type":"basic","username":"u","password":"p"}}""")]
    [InlineData("""{"BaseUrl":"https://waha.example","session_id":"shop","api-key":"k","auth":{"userName":"u","Password":"p"},"importStrategy":"recent"}""")]
    public void Integrators_spellings_are_taken(string settings) => Assert.Empty(Read(settings).Complaints);

    [Theory]
    [InlineData("""{}""", "base_url:required", "session:required", "api_key:required")]
    [InlineData("""{"base_url":"https://w","session":"s"}""", "api_key:required")]
    [InlineData("""{"base_url":"https://w","session":"s","api_key":null,"auth":null}""", "api_key:required")]
    [InlineData("""{"base_url":"https://w","session":"s","auth":{}}""", "auth.username:required", "auth.password:required")]
    [InlineData("""{"base_url":"https://w","session":"s","auth":"u:p"}""", "auth:type")]
    [InlineData("""{"base_url":"https://w","session":"s","auth":{"type":"digest","username":"u","password":"p"}}""", "auth.type:enum")]
    [InlineData("""{"base_url":"https://w","session":"s","auth":{"username":"u","password":"p","realm":"x"}}""", "auth.realm:unknown")]
    [InlineData("""{"base_url":"https://w","session":"s","auth":{"username":"u","user":"v","password":"p"}}""", "auth.username:duplicate")]
    [InlineData("""{"base_url":"https://w","session":"a/b","api_key":"k"}""", "session:pattern")]
    [InlineData("""{"base_url":"https://w","session":"s","api_key":"k","import_strategy":"some"}""", "import_strategy:enum")]
    public void Every_rule_has_its_complaint(string settings, params string[] expected) =>
        Assert.Equal(expected, Read(settings).Complaints.Select(complaint => $"{complaint.Field}:{complaint.Rule}"));

    [Fact]
    public void What_is_inside_an_object_has_its_canonical_name()
    {
        var auth = Read("""{"base_url":"https://w","session":"s","auth":{"Type":"basic","USER":"u","pass":"p"}}""").Settings.GetProperty("auth");

        Assert.Equal(["password", "type", "username"], auth.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void No_complaint_repeats_a_value()
    {
        var complaints = Read("""{"base_url":"https://w","session":"s","auth":{"username":"topsecret:x","password":"topsecret\u0001"}}""").Complaints;

        Assert.Equal(2, complaints.Length);
        Assert.DoesNotContain(complaints, complaint => complaint.Message.Contains("topsecret", StringComparison.Ordinal));
    }

    [Fact]
    public void The_user_and_the_key_are_secrets() => Assert.Equal(["api_key", "auth"], _manifest.SecretSettings.Order(StringComparer.Ordinal));

    [Fact]
    public void Every_setting_says_what_it_is_where_to_find_it_and_what_to_do()
    {
        foreach (var property in All(_manifest.SettingsSchema))
        {
            Assert.All((string[])["title", "description", "x-remedy"], word => Assert.True(property.Value.TryGetProperty(word, out _), $"{property.Name} has no {word}"));
        }
    }

    private static IEnumerable<JsonProperty> All(JsonElement schema) => schema.GetProperty("properties").EnumerateObject()
        .SelectMany(property => property.Value.TryGetProperty("properties", out _) ? All(property.Value).Prepend(property) : [property]);

    private static SettingsReading Read(string settings) => SettingsSchema.Read(_manifest.SettingsSchema, JsonSerializer.Deserialize<JsonElement>(settings));
}
