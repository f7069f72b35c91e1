using System.Text.Json;
using Channels.Agents.Tests.Knowledge;
using Channels.Core.Agents;
using Channels.Core.Ids;
using Channels.Testing;

namespace Channels.Agents.Tests.OpenAi;

/// <summary>What a model is told of its tenant's documents: asserted on what its service received.</summary>
public sealed class OpenAiKnowledgeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly LogCollector _logs = new();
    private Library _library = null!;
    private ModelServer _model = null!;

    public async Task InitializeAsync()
    {
        _model = await ModelServer.StartAsync();
        _library = await Library.CreateAsync(postgres, _logs);
    }

    public async Task DisposeAsync()
    {
        await _library.DisposeAsync();
        await _model.DisposeAsync();
    }

    [PostgresFact]
    public async Task The_passages_that_fit_stand_in_the_system_message_behind_the_instructions()
    {
        await _library.AddAsync("# Delivery\nWe **deliver** daily.\n\n## Abroad\nWe deliver to Spain.\n\n# Payment\nBy card.");

        var outcome = await AskAsync("do you deliver abroad?", new { });

        Assert.Equal(new AgentOutcome.Reply("hello"), outcome);
        Assert.Equal(
            """
            Be brief.

            This is what the knowledge base says about the contact's message:

            # FAQ › Delivery › Abroad
            We deliver to Spain.

            # FAQ › Delivery
            We deliver daily.

            The contact has order 17.
            """.ReplaceLineEndings("\n"),
            SystemMessage());
    }

    [PostgresFact]
    public async Task A_model_is_told_when_nothing_fits()
    {
        await _library.AddAsync("We deliver daily.");

        await AskAsync("how is the weather", new { });

        Assert.Contains("The knowledge base has nothing about the contact's message.", SystemMessage(), StringComparison.Ordinal);
        Assert.DoesNotContain("daily", SystemMessage(), StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Its_settings_choose_the_collections_and_how_many_passages()
    {
        await _library.AddAsync("# One\nWe deliver daily.\n\n# Two\nWe deliver to Spain.");
        await _library.AddAsync("Staff deliver at night.", collection: "internal");

        await AskAsync("deliver", new { collections = new[] { "faq" }, max_passages = 1 });
        var one = SystemMessage();
        await AskAsync("deliver", new { });
        var all = SystemMessage();

        Assert.Equal(1, Passages(one));
        Assert.DoesNotContain("night", one, StringComparison.Ordinal);
        Assert.Equal(3, Passages(all));
    }

    [PostgresFact]
    public async Task Passages_and_history_share_the_tokens_and_the_best_passage_always_fits()
    {
        await _library.AddAsync($"# One\nWe deliver daily.\n\n# Two\nWe deliver {string.Join(' ', Enumerable.Repeat("far", 60))}.");
        AgentMessage[] history = [new("contact", "message.text", new string('a', 40), DateTimeOffset.UnixEpoch), new("agent", "message.text", "bbbb", DateTimeOffset.UnixEpoch)];

        await AskAsync("deliver daily", new { min_match = 0.1 }, tokens: 25, history);
        var (tight, tightMessages) = (SystemMessage(), Messages());
        await AskAsync("deliver daily", new { min_match = 0.1 }, tokens: 0, history);
        var (none, noneMessages) = (SystemMessage(), Messages());
        await AskAsync("deliver daily", new { min_match = 0.1 }, tokens: 500, history);

        Assert.Equal((1, 3), (Passages(tight), tightMessages));
        Assert.Equal((1, 2), (Passages(none), noneMessages));
        Assert.Equal((2, 4), (Passages(SystemMessage()), Messages()));
    }

    [PostgresFact]
    public async Task A_model_without_the_setting_is_told_nothing_and_another_tenants_documents_are_never_told()
    {
        var other = new TenantId(Guid.Parse("019b0000-0000-7000-8000-00000000000f"));
        await _library.AddTenantAsync(other);
        await _library.AddAsync("We deliver daily.", tenant: other);

        await AskAsync("deliver", new { });
        var foreign = SystemMessage();
        await AskAsync("deliver", null);

        Assert.DoesNotContain("daily", foreign, StringComparison.Ordinal);
        Assert.Equal("Be brief.\n\nThe contact has order 17.", SystemMessage());
    }

    [PostgresTheory]
    [InlineData("[]", "knowledge")]
    [InlineData("true", "knowledge")]
    [InlineData("""{"collections":"faq"}""", "knowledge.collections")]
    [InlineData("""{"max_passages":9}""", "knowledge.max_passages")]
    [InlineData("""{"hand_over_text":"x"}""", "knowledge.hand_over_text")]
    public void A_setting_that_is_wrong_is_named(string knowledge, string field) =>
        Assert.Equal(field, Assert.Single(Agent.Check(Settings(JsonElement.Parse(knowledge), null))).Field);

    [PostgresFact]
    public void Settings_that_are_right_are_no_complaint() => Assert.Empty(Agent.Check(Settings(new { collections = new[] { "faq" }, max_passages = 5 }, null)));

    private IAgent Agent => _library.Agent("openai");

    private static int Passages(string system) => system.Split('\n').Count(line => line.StartsWith("# ", StringComparison.Ordinal));

    private string SystemMessage() => _model.Asked.GetProperty("messages")[0].GetProperty("content").GetString()!;

    private int Messages() => _model.Asked.GetProperty("messages").GetArrayLength();

    private AgentSettings Settings(object? knowledge, int? tokens)
    {
        var settings = new Dictionary<string, object> { ["kind"] = "openai", ["base_url"] = _model.BaseUrl, ["model"] = "gpt-test", ["instructions"] = "Be brief." };
        if (knowledge is not null)
        {
            settings["knowledge"] = knowledge;
        }

        if (tokens is { } most)
        {
            settings["max_history_tokens"] = most;
        }

        return new("openai", JsonSerializer.SerializeToElement(settings));
    }

    private Task<AgentOutcome> AskAsync(string question, object? knowledge, int? tokens = null, params AgentMessage[] history) =>
        Agent.AnswerAsync(AgentTests.Turn(question) with { Context = "The contact has order 17.", History = [.. history] }, Settings(knowledge, tokens), default);
}
