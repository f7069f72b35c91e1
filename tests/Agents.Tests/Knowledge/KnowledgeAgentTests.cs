using System.Text.Json;
using Channels.Core;
using Channels.Core.Agents;
using Channels.Core.Ids;
using Channels.Testing;
using Npgsql;

namespace Channels.Agents.Tests.Knowledge;

public sealed class KnowledgeAgentTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly LogCollector _logs = new();
    private Library _library = null!;

    public async Task InitializeAsync() => _library = await Library.CreateAsync(postgres, _logs);

    public async Task DisposeAsync() => await _library.DisposeAsync();

    [PostgresFact]
    public async Task A_question_is_answered_with_the_passage_that_fits_as_plain_text()
    {
        await _library.AddAsync("# Delivery\nWe **deliver** daily, see [prices](https://shop.example/p).\n\n# Payment\nBy card or cash.");

        Assert.Equal(new AgentOutcome.Reply("We deliver daily, see prices (https://shop.example/p)."), await AskAsync("Do you do deliveries?"));
        Assert.Equal(new AgentOutcome.Reply("By card or cash."), await AskAsync("Hello, cash or card?"));
    }

    [PostgresFact]
    public async Task A_question_nothing_fits_goes_to_a_person()
    {
        await _library.AddAsync("We deliver daily in Berlin.");

        var silent = Assert.IsType<AgentOutcome.HandOver>(await AskAsync("What is the weather in Berlin today?"));
        var polite = Assert.IsType<AgentOutcome.HandOver>(await AskAsync("hello there", new { hand_over_text = "One moment, please." }));

        Assert.Null(silent.Text);
        Assert.Equal("One moment, please.", polite.Text);
        Assert.DoesNotContain("weather", silent.Reason, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task How_much_must_match_and_how_many_passages_are_said_is_the_tenants_choice()
    {
        await _library.AddAsync("# Monday\nOpen from nine.\n\n# Sunday\nOpen from ten.\n\n# Sunday again\nOpen from ten.");

        Assert.Equal(new AgentOutcome.Reply("Open from nine."), await AskAsync("open monday"));
        Assert.Equal(new AgentOutcome.Reply("Open from nine."), await AskAsync("parking open monday tuesday"));
        Assert.IsType<AgentOutcome.HandOver>(await AskAsync("parking open monday tuesday", new { min_match = 0.6 }));
        Assert.Equal(new AgentOutcome.Reply("Open from nine.\n\nOpen from ten."), await AskAsync("open", new { max_passages = 5 }));
    }

    [PostgresFact]
    public async Task Only_its_collections_and_its_language_are_looked_into_and_the_channels_language_wins_a_tie()
    {
        await _library.AddAsync("El menu cuesta diez.", title: "es", collection: "shop", language: "es");
        await _library.AddAsync("O menu custa dez.", title: "pt", collection: "shop", language: "pt-BR");
        await _library.AddAsync("Menu of the staff.", title: "staff", collection: "internal", language: "en");

        Assert.Equal(new AgentOutcome.Reply("O menu custa dez."), await AskAsync("menu", new { collections = new[] { "shop" } }, locale: "pt"));
        Assert.Equal(new AgentOutcome.Reply("El menu cuesta diez."), await AskAsync("menu", new { collections = new[] { "shop" } }, locale: "es-AR"));
        Assert.Equal(new AgentOutcome.Reply("O menu custa dez."), await AskAsync("menu", new { language = "pt" }, locale: "es"));
        Assert.IsType<AgentOutcome.HandOver>(await AskAsync("menu", new { collections = new[] { "nowhere" } }));
    }

    [PostgresFact]
    public async Task Another_tenants_documents_answer_nobody_else()
    {
        var other = new TenantId(Guid.Parse("019b0000-0000-7000-8000-00000000000f"));
        await _library.AddTenantAsync(other);
        await _library.AddAsync("We deliver daily.", tenant: other);

        Assert.IsType<AgentOutcome.HandOver>(await AskAsync("deliver"));
        Assert.IsType<AgentOutcome.Reply>(await Agent.AnswerAsync(AgentTests.Turn("deliver") with { Tenant = other }, Settings(null), default));
    }

    [PostgresFact]
    public async Task A_message_without_words_is_not_answered_and_needs_no_person()
    {
        Assert.IsType<AgentOutcome.Silent>(await AskAsync(null));
        Assert.IsType<AgentOutcome.Silent>(await AskAsync("👍 !"));
        Assert.IsType<AgentOutcome.HandOver>(await AskAsync("ok"));
    }

    [PostgresFact]
    public async Task A_store_that_does_not_answer_is_no_answer_and_no_person()
    {
        await using var gone = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Timeout=1;Username=x;Database=x");
        await using var library = new Library(gone, _logs);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => library.Agent("knowledge").AnswerAsync(AgentTests.Turn("deliver"), Settings(null), default));
    }

    [PostgresFact]
    public async Task No_words_reach_the_log()
    {
        await _library.AddAsync("words of the tenant");
        await AskAsync("words of a person");
        await AskAsync("nothing fits a stranger");

        _logs.AssertAbsent("words of", "stranger");
    }

    [PostgresTheory]
    [InlineData("""{"collections":"faq"}""", "collections")]
    [InlineData("""{"collections":[]}""", "collections")]
    [InlineData("""{"collections":["faq",1]}""", "collections")]
    [InlineData("""{"collections":[" "]}""", "collections")]
    [InlineData("""{"max_passages":0}""", "max_passages")]
    [InlineData("""{"max_passages":6}""", "max_passages")]
    [InlineData("""{"max_passages":1.5}""", "max_passages")]
    [InlineData("""{"min_match":"much"}""", "min_match")]
    [InlineData("""{"min_match":1.1}""", "min_match")]
    [InlineData("""{"language":"german language"}""", "language")]
    [InlineData("""{"hand_over_text":5}""", "hand_over_text")]
    [InlineData("""{"colections":["faq"]}""", "colections")]
    public void A_setting_that_is_wrong_is_named(string settings, string field) =>
        Assert.Equal(field, Assert.Single(Agent.Check(new("knowledge", JsonElement.Parse(settings)))).Field);

    [PostgresTheory]
    [InlineData("""{"kind":"knowledge"}""")]
    [InlineData("""{"kind":"knowledge","collections":["faq","shop"],"max_passages":5,"min_match":0,"language":"pt-BR","hand_over_text":"One moment."}""")]
    public void Settings_that_are_right_are_no_complaint(string settings) => Assert.Empty(Agent.Check(new("knowledge", JsonElement.Parse(settings))));

    private IAgent Agent => _library.Agent("knowledge");

    private static AgentSettings Settings(object? settings) => new("knowledge", JsonSerializer.SerializeToElement(settings ?? new { kind = "knowledge" }));

    private Task<AgentOutcome> AskAsync(string? question, object? settings = null, string locale = "en") =>
        Agent.AnswerAsync(AgentTests.Turn(question) with { Locale = locale }, Settings(settings), default);
}
