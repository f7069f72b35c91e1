using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Cli.Api;
using Channels.Cli.Output;
using Channels.Cli.Validate;

namespace Channels.Cli.Setup;

/// <summary>Makes a first channel: settings from the options and, where somebody sits there, from questions; validated before anything is made.</summary>
internal sealed class ChannelSetup(Surroundings here)
{
    private readonly Option<string?> _kind = new("--kind") { Description = "Make a channel of this kind", HelpName = "kind" };
    private readonly Option<string?> _name = new("--name") { Description = "The channel's name. Default: the kind's", HelpName = "name" };
    private readonly Option<string?> _identity = new("--identity") { Description = "The account's own id at the provider, for example its phone number", HelpName = "id" };
    private readonly Option<string?> _agent = new("--agent") { Description = "Who answers: an agent kind that needs no settings, such as echo or none. Default: the server's", HelpName = "kind" };
    private readonly Option<bool> _activate = new("--activate") { Description = "Connect the channel at its provider as well" };
    private readonly Option<bool> _connection = new("--check-connection") { Description = "Ask the provider before the channel is made" };
    private readonly Option<bool> _showSecret = new("--show-webhook-secret") { Description = "Print the secret the provider must present; activating tells it to providers that can be told" };
    private readonly SettingsInput _settings = new(here);

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_kind, _name, _identity, _agent, _activate, _connection, _showSecret])
        {
            command.Options.Add(option);
        }

        _settings.AddTo(command);
    }

    /// <summary>What is wrong with the options, before anything is done.</summary>
    public string? Complaint(ParseResult parse, Questions? questions) =>
        questions is null && parse.GetValue(_kind) is null && _settings.IsGiven(parse) ? "Settings of a channel were given, but not its kind." : null;

    /// <summary>Whether the options say that a channel is wanted, and of which kind.</summary>
    public bool IsNamed(ParseResult parse) => parse.GetValue(_kind) is not null;

    /// <summary>Makes the channel, if one is wanted, and tells what was done.</summary>
    public async Task<int> RunAsync(
        ParseResult parse, ApiClient api, Report report, Questions? questions, ChannelDraft? draft, JsonObject done, CancellationToken cancellationToken)
    {
        if (draft is null)
        {
            if (questions?.YesOrNo("Make a first channel?", true) != true)
            {
                report.Document(done);
                return ExitCodes.Fine;
            }

            (draft, var ended) = await DraftAsync(parse, api, report, questions, cancellationToken);
            if (draft is null)
            {
                return ended;
            }
        }

        var (kind, settings) = draft;
        return await ValidatedAsync(parse, api, report, questions, kind, settings, cancellationToken) ?? await MakeAsync(parse, api, report, questions, kind, settings, done, cancellationToken);
    }

    /// <summary>Finds the kind and reads the settings, and makes nothing; null with what the command ends with when either cannot be.</summary>
    public async Task<(ChannelDraft? Draft, int Ended)> DraftAsync(ParseResult parse, ApiClient api, Report report, Questions? questions, CancellationToken cancellationToken)
    {
        var answer = api.Expect(await api.GetAsync("/api/channels", cancellationToken), body => body.HasItems("channels"));
        if (answer is not ApiAnswer.Done { Body: var kinds })
        {
            return (null, report.Failure(answer));
        }

        var id = parse.GetValue(_kind) ?? questions!.Choice("Which kind?", kinds.Items("channels").Select(one => one.Text("id")!), one => KindSchema.Find(kinds, one).Text("display_name") ?? one);
        var kind = KindSchema.Find(kinds, id);
        if (kind.ValueKind == JsonValueKind.Undefined)
        {
            return (null, report.Misuse($"There is no channel kind {id} here.", $"Known are: {string.Join(", ", kinds.Items("channels").Select(one => one.Text("id")))}."));
        }

        var (settings, complaint) = _settings.Read(parse, kind);
        return settings is null ? (null, report.Misuse(complaint!)) : (new(kind, settings), ExitCodes.Fine);
    }

    // Null when the settings may be used; what is wrong is asked for again as long as somebody answers.
    private async Task<int?> ValidatedAsync(
        ParseResult parse, ApiClient api, Report report, Questions? questions, JsonElement kind, JsonObject settings, CancellationToken cancellationToken)
    {
        var id = kind.Text("id")!;
        var checkConnection = parse.GetValue(_connection);
        foreach (var property in questions is null ? [] : KindSchema.PropertiesOf(kind).Where(property => !IsGiven(settings, kind, property)))
        {
            Ask(questions!, kind, property, settings);
        }

        while (true)
        {
            KindSchema.HideSecrets(report, kind, settings);
            var answer = await Validation.AskAsync(api, id, settings, checkConnection, channel: null, cancellationToken);
            if (answer is not ApiAnswer.Done { Body: var body })
            {
                return report.Failure(answer);
            }

            var validation = Validation.Of(body);
            if (validation.IsValid)
            {
                return null;
            }

            validation.Tell(report, id);
            var again = KindSchema.PropertiesOf(kind).Where(property => validation.Complaints.Any(complaint => complaint.IsAbout(property.Name))).ToList();
            if (questions is null || again.Count == 0 || !questions.YesOrNo("Correct them?", true))
            {
                report.Document(body);
                return ExitCodes.Wrong;
            }

            foreach (var property in again)
            {
                Forget(settings, kind, property);
                Ask(questions, kind, property, settings);
            }
        }
    }

    private async Task<int> MakeAsync(
        ParseResult parse, ApiClient api, Report report, Questions? questions, JsonElement kind, JsonObject settings, JsonObject done, CancellationToken cancellationToken)
    {
        var usualName = kind.Text("display_name") ?? kind.Text("id")!;
        var body = new JsonObject
        {
            ["channel_type"] = kind.Text("id"),
            ["name"] = parse.GetValue(_name) ?? questions?.Text("The channel's name", usualName) ?? usualName,
            ["config"] = settings,
            ["activate"] = parse.GetValue(_activate) || questions?.YesOrNo("Activate it now?", true) == true,
        };
        if (parse.GetValue(_identity) is { } identity)
        {
            body["identity"] = identity;
        }

        if (parse.GetValue(_agent) is { } agent)
        {
            body["agent"] = new JsonObject { ["kind"] = agent };
        }

        var answer = await api.PostRepeatedlyAsync("/api/v1/channels", body, ApiClient.NewIdempotencyKey(), ApiClient.ForProviders * 2, cancellationToken);
        if (answer is not ApiAnswer.Done { Body: var channel })
        {
            return report.Failure(answer);
        }

        return Tell(report, channel, parse.GetValue(_showSecret), done);
    }

    private static int Tell(Report report, JsonElement channel, bool showSecret, JsonObject done)
    {
        var secret = channel.Text("webhook_secret");
        if (!showSecret)
        {
            report.Hide(secret);
        }

        done["channel"] = JsonNode.Parse(channel.GetRawText());
        report.Document(done);
        report.Line($"Made the channel {channel.Text("name")} ({channel.Text("id")}); it is {channel.Text("status")}.");
        report.Line($"  Webhooks go to {channel.Text("webhook_url")}");
        if (showSecret)
        {
            report.Line($"  Webhook secret, shown this once: {secret}");
        }

        var activation = channel.Member("activation");
        var hasFailed = activation.ValueKind == JsonValueKind.Object && !activation.IsTrue("success");
        if (hasFailed)
        {
            report.Line($"  The provider did not go along: {activation.Text("reason")}");
        }

        if ((activation.Text("next_step") ?? channel.Text("next_step")) is { } next)
        {
            report.Line($"  To do: {next}");
        }

        return hasFailed ? ExitCodes.Wrong : ExitCodes.Fine;
    }

    private static void Ask(Questions questions, JsonElement kind, JsonProperty property, JsonObject settings)
    {
        if (questions.Value(property.Name, property.Value, KindSchema.IsRequired(kind, property.Name)) is { } answer)
        {
            settings[property.Name] = answer;
        }
    }

    private static bool IsGiven(JsonObject settings, JsonElement kind, JsonProperty property) =>
        settings.Any(given => JsonElement.DeepEquals(KindSchema.PropertyOf(kind, given.Key), property.Value));

    private static void Forget(JsonObject settings, JsonElement kind, JsonProperty property)
    {
        foreach (var name in settings.Select(given => given.Key).Where(name => JsonElement.DeepEquals(KindSchema.PropertyOf(kind, name), property.Value)).ToList())
        {
            settings.Remove(name);
        }
    }
}

/// <summary>A channel to be made.</summary>
/// <param name="Kind">Its kind as <c>GET /api/channels</c> shows it.</param>
/// <param name="Settings">What was given of its settings; more may be asked for.</param>
internal sealed record ChannelDraft(JsonElement Kind, JsonObject Settings)
{
    /// <summary>Says nothing of the settings: a record's own text would print their secrets.</summary>
    public override string ToString() => "channel";
}
