using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.Text;

namespace Channels.Connectors.Tests;

/// <summary>What every channel kind promises, whatever its provider. A new kind is proven by one override.</summary>
public abstract class ConnectorContract
{
    private const int Seed = 20260101;

    /// <summary>The kind's id.</summary>
    protected abstract string Kind { get; }

    /// <summary>The kind's folder under <c>src/Connectors</c>.</summary>
    protected abstract string Folder { get; }

    /// <summary>The channel that the samples came to, for kinds whose bodies do not say whose they are.</summary>
    protected virtual Connection? Channel => null;

    private IConnector Connector => TestConnections.Connector(Kind);

    private PayloadIndex Samples => PayloadIndex.OfSamples(Folder);

    [Fact]
    public void Its_manifest_says_who_it_is()
    {
        var manifest = Connector.Manifest;

        Assert.Equal(Kind, manifest.Id);
        Assert.Matches("^[a-z][a-z0-9_]*$", manifest.Id);
        Assert.NotEmpty(manifest.DisplayName);
        Assert.Contains(manifest.Transport, (string[])["webhook", "polling", "none"]);
        Assert.True(manifest.Limits.TextLength > 0 && manifest.Limits.Concurrency > 0);
        Assert.Equal("object", manifest.SettingsSchema.GetProperty("type").GetString());
        Assert.False(manifest.SettingsSchema.GetProperty("additionalProperties").GetBoolean());
    }

    [Fact]
    public void Its_required_settings_exist_and_have_remedies()
    {
        var schema = Connector.Manifest.SettingsSchema;
        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(name => name.GetString()!) : [];

        foreach (var name in required)
        {
            Assert.True(schema.GetProperty("properties").TryGetProperty(name, out var rules), $"required but not described: {name}");
            Assert.True(rules.TryGetProperty("x-remedy", out _), $"{name} has no x-remedy");
        }
    }

    [Fact]
    public void What_its_global_webhook_goes_by_is_a_required_setting_and_no_secret()
    {
        if (Connector is IGlobalWebhookConnector global)
        {
            var schema = global.Manifest.SettingsSchema;

            Assert.Contains(global.NameSetting, schema.GetProperty("required").EnumerateArray().Select(name => name.GetString()));
            Assert.DoesNotContain(global.NameSetting, global.Manifest.SecretSettings);
            Assert.NotEmpty(global.NamedIn);
        }
    }

    [Fact]
    public void It_has_samples_and_a_readme()
    {
        Assert.NotEmpty(Samples.Files);
        Assert.True(File.Exists(Path.Combine(Places.Root, "src", "Connectors", Folder, "README.md")));
    }

    [Fact]
    public void A_sample_becomes_exactly_the_events_its_index_names() => ForEachSample((file, body) =>
        EventComparison.Equal(Samples.EntryOf(file).GetProperty("events"), Connector.Normalise(body)));

    [Fact]
    public void Our_own_messages_never_start_a_turn() => ForEachEvent((file, happened) =>
        Assert.False(happened.FromMe == true && happened.Action == EventAction.Process, $"{file}: {happened.Kind}"));

    [Fact]
    public void Only_words_of_the_vocabulary_are_used()
    {
        var kinds = typeof(EventKinds).GetFields().Select(field => (string)field.GetValue(null)!).ToHashSet();

        ForEachEvent((file, happened) => Assert.True(kinds.Contains(happened.Kind), $"{file}: {happened.Kind}"));
    }

    [Fact]
    public void The_same_body_twice_gives_the_same_keys() => ForEachSample((file, body) =>
        Assert.Equal(EventsOf(body).Select(EventKey.Of), EventsOf(body).Select(EventKey.Of)));

    [Fact]
    public void What_is_to_be_recorded_once_has_a_key() => ForEachEvent((file, happened) =>
        Assert.True(
            EventKey.Of(happened) is not null || happened.Action is not (EventAction.Process or EventAction.StoreOutbound or EventAction.UpdateMessage or EventAction.UpdateDelivery),
            $"{file}: {happened.Kind} has no key"));

    [Fact]
    public void Fields_nobody_knows_change_nothing() => ForEachSample((file, body) =>
    {
        if (TryReadObject(body.Body) is not { } root)
        {
            return;
        }

        root["fieldOfTomorrow"] = new JsonObject { ["a"] = new JsonArray(1, "two", null) };
        (root["data"] as JsonObject)?.Add("anotherOne", "x");

        Assert.Equal(EventsOf(body).Select(Shown), EventsOf(new WebhookBody(Encoding.UTF8.GetBytes(root.ToJsonString()), body.Path, body.Channel)).Select(Shown));
    });

    [Fact]
    public void No_bytes_make_it_throw()
    {
        var mutator = new PayloadMutator(Seed);
        ForEachSample((file, body) =>
        {
            for (var i = 0; i < 60; i++)
            {
                var mutated = mutator.Mutate(body.Body.Span);
                try
                {
                    foreach (var happened in EventsOf(new WebhookBody(mutated, body.Path, body.Channel)))
                    {
                        // What Postgres would refuse must not get this far: no NUL, no lone surrogates, in no field.
                        var everything = $"{happened}{Shown(happened)}{EventKey.Of(happened)}{string.Concat(happened.Details.Values)}";
                        Assert.Equal(Scrub.Clean(everything), everything);
                    }
                }
                catch (Exception thrown)
                {
                    Assert.Fail($"{file}, mutation {i}: {thrown}\n{Encoding.UTF8.GetString(mutated)}");
                }
            }
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("17")]
    [InlineData("{")]
    [InlineData("<xml/>")]
    public void What_is_no_object_is_unreadable_with_a_reason(string body)
    {
        var unreadable = Assert.IsType<Normalised.Unreadable>(Connector.Normalise(new WebhookBody(Encoding.UTF8.GetBytes(body))));

        Assert.NotEmpty(unreadable.Reason);
    }

    [Fact]
    public void Nesting_without_end_is_unreadable() =>
        Assert.IsType<Normalised.Unreadable>(Connector.Normalise(new WebhookBody(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"data\":", 100_000))))));

    [Fact]
    public void Without_the_secret_nobody_is_believed()
    {
        var connector = Connector;
        var body = "{}"u8.ToArray();

        Assert.False(connector.IsAuthentic(new("", "", _ => null, body), TestConnections.To(new { }), DateTimeOffset.UnixEpoch));
        Assert.False(connector.IsAuthentic(new("", "", _ => "", body), TestConnections.To(new { }, secret: ""), DateTimeOffset.UnixEpoch));
        Assert.False(connector.IsAuthentic(new("guess", "guess", _ => "guess", body), TestConnections.To(new { }), DateTimeOffset.UnixEpoch));
    }

    private static JsonObject? TryReadObject(ReadOnlyMemory<byte> body)
    {
        try
        {
            // Some samples are spoilt on purpose; what cannot be written again cannot be extended here.
            var root = JsonNode.Parse(body.Span) as JsonObject;
            _ = root?.ToJsonString();
            return root;
        }
        catch (Exception unwritable) when (unwritable is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string Shown(ChannelEvent happened) => EventComparison.AsJson(happened).GetRawText();

    private ImmutableArray<ChannelEvent> EventsOf(WebhookBody body) => Connector.Normalise(body) is Normalised.Events events ? events.Items : [];

    private void ForEachEvent(Action<string, ChannelEvent> check) => ForEachSample((file, body) =>
    {
        foreach (var happened in EventsOf(body))
        {
            check(file, happened);
        }
    });

    private void ForEachSample(Action<string, WebhookBody> check)
    {
        var samples = Samples;
        foreach (var file in samples.Files)
        {
            check(file, new WebhookBody(samples.BytesOf(file), samples.PathOf(file), Channel));
        }
    }
}
