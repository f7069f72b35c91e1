using System.Collections.Immutable;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Text;

namespace Channels.Connectors.Contract;

/// <summary>What every channel kind promises, whatever its provider. A new kind is proven by one override.</summary>
public abstract class KindContract
{
    private const int Seed = 20260101;
    private const string WebhookSecret = "webhook-secret-0123456789";
    private const string SaidText = "a sentence that is nobody's business";

    /// <summary>The kind's id.</summary>
    protected abstract string Kind { get; }

    /// <summary>Where its connector is.</summary>
    protected abstract Assembly Assembly { get; }

    /// <summary>Its folder: with <c>README.md</c> and <c>samples/index.json</c>.</summary>
    protected abstract string KindFolder { get; }

    /// <summary>A chat to write to, in the form its events name chats.</summary>
    protected virtual string Chat => "1";

    /// <summary>Settings that make it call this address; null for a kind without a provider, whose manifest has no <c>base_url</c>.</summary>
    /// <param name="provider">With a slash at the end.</param>
    protected virtual object? SettingsFor(Uri provider) => null;

    private IConnector Connector => KindLoading.Load(Assembly).Find(Kind) ?? throw new InvalidOperationException($"{Assembly.GetName().Name} has no kind '{Kind}'.");

    private PayloadIndex Samples => PayloadIndex.Read(Path.Combine(KindFolder, "samples", "index.json"));

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
        Assert.True(File.Exists(Path.Combine(KindFolder, "README.md")));
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

        Assert.Equal(EventsOf(body).Select(Shown), EventsOf(new WebhookBody(Encoding.UTF8.GetBytes(root.ToJsonString()), body.Path)).Select(Shown));
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
                    foreach (var happened in EventsOf(new WebhookBody(mutated, body.Path)))
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

        Assert.False(connector.IsAuthentic(new("", "", _ => null, body), To(new { }), DateTimeOffset.UnixEpoch));
        Assert.False(connector.IsAuthentic(new("", "", _ => "", body), To(new { }, secret: ""), DateTimeOffset.UnixEpoch));
        Assert.False(connector.IsAuthentic(new("guess", "guess", _ => "guess", body), To(new { }), DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public void Every_setting_says_what_it_is_and_where_it_is_found()
    {
        foreach (var (name, rules) in Connector.Manifest.SettingsSchema.GetProperty("properties").EnumerateObject().Select(setting => (setting.Name, setting.Value)))
        {
            Assert.True(rules.TryGetProperty("title", out var title) && title.GetString()!.Length > 0, $"{name} has no title");
            Assert.True(rules.TryGetProperty("description", out var description) && description.GetString()!.Length > 0, $"{name} has no description");
        }
    }

    [Fact]
    public void A_kind_with_an_address_of_its_provider_can_be_tried_against_another() =>
        Assert.True(
            SettingsFor(new Uri("http://127.0.0.1:1/")) is not null || !Connector.Manifest.SettingsSchema.GetProperty("properties").TryGetProperty("base_url", out _),
            $"override {nameof(SettingsFor)}: without it nobody sees how provider errors are translated");

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(409)]
    [InlineData(413)]
    [InlineData(418)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task No_error_is_taken_for_a_success_and_none_tells_a_secret(int status)
    {
        await using var provider = await StubProvider.StartAsync(status, retryAfter: status == 429 ? 7 : null);

        var outcome = await TrySendAsync(provider.Address);

        Assert.False(outcome is SendOutcome.Accepted, $"{status} was taken for a success");
        if (outcome is not null && status == 401)
        {
            Assert.IsType<SendOutcome.Blocked>(outcome);
        }

        if (outcome is not null && status == 429)
        {
            Assert.InRange(Assert.IsType<SendOutcome.TryLater>(outcome).After, TimeSpan.FromSeconds(7), TimeSpan.FromMinutes(5));
        }

        // The provider was in trouble after it had the message: it may have left.
        Assert.False(status is 500 or 502 && outcome is SendOutcome.Refused, $"{status} was taken for a refusal: {outcome}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("<html>welcome</html>")]
    public async Task A_yes_without_a_message_id_is_an_unknown_outcome(string body)
    {
        await using var provider = await StubProvider.StartAsync(200, body: body);

        Assert.True(await TrySendAsync(provider.Address) is null or SendOutcome.Unknown);
    }

    [Fact]
    public async Task A_connection_that_breaks_after_the_request_left_is_an_unknown_outcome()
    {
        await using var provider = await StubProvider.StartAsync(status: null);

        var outcome = await TrySendAsync(provider.Address);

        Assert.True(outcome is null or SendOutcome.Unknown, $"{outcome}");
        Assert.True(provider.Calls <= 1, $"the message was sent {provider.Calls} times");
    }

    [Fact]
    public async Task A_provider_that_is_not_there_is_tried_later()
    {
        Uri gone;
        await using (var provider = await StubProvider.StartAsync(200))
        {
            gone = provider.Address;
        }

        Assert.True(await TrySendAsync(gone) is null or SendOutcome.TryLater);
    }

    // What is said of an outcome is shown, stored and logged: no secret and none of the message's words may be in it.
    private async Task<SendOutcome?> TrySendAsync(Uri provider)
    {
        if (SettingsFor(provider) is not { } settings)
        {
            return null;
        }

        using var logs = new RecordedLogs();
        var connector = KindLoading.Load(Assembly, logs).Find(Kind)!;
        var connection = To(settings);
        var message = new OutboundMessage(new MessageId(new Guid(3, 0, 0, new byte[8])), Chat, SaidText);

        var outcome = await connector.SendAsync(connection, message, CancellationToken.None);

        var secrets = connector.Manifest.SecretSettings.Select(connection.Setting).OfType<string>().Append(connection.WebhookSecret).Append(SaidText);
        foreach (var secret in secrets)
        {
            Assert.DoesNotContain(secret, outcome.ToString(), StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(secret, logs.Everything, StringComparison.OrdinalIgnoreCase);
        }

        return outcome;
    }

    private static Connection To(object settings, string secret = WebhookSecret) => new(
        new TenantId(new Guid(1, 0, 0, new byte[8])), new AccountId(new Guid(2, 0, 0, new byte[8])), "447700900100", JsonSerializer.SerializeToElement(settings), secret,
        new Uri("http://127.0.0.1:1/webhooks/kind/00000000-0000-7000-8000-000000000002"));

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
            check(file, new WebhookBody(samples.BytesOf(file), samples.PathOf(file)));
        }
    }
}
