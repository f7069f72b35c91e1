using Channels.Core;
using Channels.Core.Ids;
using Channels.Core.Knowledge;
using Channels.Storage.Knowledge;
using Channels.Storage.Migrations;
using Channels.Storage.Paging;
using Channels.Storage.Tenancy;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Knowledge;

public sealed class KnowledgeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly IdSource _ids = new(TimeProvider.System);
    private NpgsqlDataSource _db = null!;
    private TenantId _tenant;

    public async Task InitializeAsync()
    {
        _db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(_db, TimeProvider.System, NullLogger.Instance, default);
        _tenant = await TenantAsync();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [PostgresTheory]
    [InlineData("de-AT", "An Werktagen öffnen wir um neun Uhr.", "Wann öffnen Sie am Werktag?", 0.6)]
    [InlineData("de", "Für Kunden sind Lieferungen kostenlos.", "Ist die Lieferung für einen Kunden kostenlos?", 1)]
    [InlineData("pt-BR", "As entregas são feitas todos os dias; informações pelo telefone.", "Vocês fazem entrega? Preciso de informação", 0.4)]
    [InlineData("pt", "O horário de atendimento é das nove às dezoito.", "qual o horario de atendimento", 1)]
    [InlineData("pt", "Informações e horários.", "Quero informação sobre horário", 0.5)]
    [InlineData("es", "Información sobre envíos: tardan dos días.", "informacion de envio", 1)]
    [InlineData("en", "Deliveries cost five euros.", "What does a delivery cost?", 1)]
    [InlineData("ru", "Доставка стоит пять евро.", "сколько стоит доставки", 0.6)]
    [InlineData("sw", "Tunafungua saa tatu.", "tunafungua", 1)]
    [InlineData("pt", "O hora\u0301rio de atendimento e\u0301 das nove a\u0300s dezoito.", "qual o hor\u00e1rio de atendimento", 1)]
    [InlineData("pt", "O hor\u00e1rio de atendimento \u00e9 das nove.", "qual o hora\u0301rio de atendimento", 1)]
    public async Task A_question_finds_a_passage_whose_words_are_in_another_form(string language, string text, string question, double match)
    {
        await AddAsync(text, language: language);

        var found = Assert.Single(await FindAsync(question));

        Assert.Equal(text, found.Text);
        Assert.InRange(found.Match, match, 1);
    }

    [PostgresFact]
    public async Task What_holds_more_of_the_questions_words_comes_first_and_headings_weigh_more_than_text()
    {
        await AddAsync("# Returns\nSend it back within a month.\n\n# Opening hours\nFrom nine to six. For returns see above.\n\n# Delivery hours\nFrom ten.");

        Assert.Equal(["Opening hours", "Delivery hours"], (await FindAsync("opening hours", most: 5)).Select(passage => passage.Headings));
        Assert.Equal(["Returns", "Opening hours"], (await FindAsync("returns", most: 5)).Select(passage => passage.Headings));
        Assert.Single(await FindAsync("opening hours", most: 1));
    }

    [PostgresFact]
    public async Task Of_many_that_hold_as_many_words_those_that_speak_most_of_them_come_first()
    {
        foreach (var times in Enumerable.Range(1, 9))
        {
            await AddAsync(string.Join(' ', Enumerable.Repeat("Delivery abroad.", times)), title: $"t{times}");
        }

        Assert.Equal(["t9", "t8", "t7"], (await FindAsync("delivery abroad", most: 3)).Select(passage => passage.Title));
        Assert.Equal("t9", Assert.Single(await FindAsync("delivery abroad", most: 1)).Title);
    }

    [PostgresFact]
    public async Task Nothing_is_found_when_too_few_of_the_words_match()
    {
        await AddAsync("We deliver in Berlin and Potsdam.");

        Assert.Empty(await FindAsync("How is the weather in Berlin today?", minMatch: 0.6));
        Assert.Equal(1 / 3d, Assert.Single(await FindAsync("How is the weather in Berlin today?")).Match, 3);
    }

    [PostgresTheory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("👍")]
    [InlineData("the of and")]
    [InlineData("?!… -- ' \" \\ & | ! ( ) :* <->")]
    [InlineData("\0\ud800")]
    public async Task A_question_without_words_finds_nothing(string question)
    {
        await AddAsync("The word of the day and ours.");

        Assert.Empty(await FindAsync(question));
    }

    [PostgresTheory]
    [InlineData("it's o'clock \\path\\to 'quoted' a:b & c | !d <-> e:*A")]
    [InlineData("'; drop table knowledge_passage; --")]
    [InlineData("C:\\dir\\file.txt /usr/lib/x.so http://a.example/b?c='d' e@f.example well-known -12.5e3")]
    public async Task A_hostile_question_is_words_like_any_other(string text)
    {
        await AddAsync(text + " deliveries");

        Assert.Equal(1, Assert.Single(await FindAsync(text + " deliveries")).Match);
    }

    [PostgresFact]
    public async Task A_question_of_any_length_is_answered()
    {
        await AddAsync("deliveries");

        Assert.NotEmpty(await FindAsync("deliveries " + string.Concat(Enumerable.Repeat("deliveries 🌸", 20_000))));
        Assert.Empty(await FindAsync(new string('x', 100_000)));
    }

    [PostgresFact]
    public async Task Hostile_documents_are_kept_and_found()
    {
        await AddAsync($"fine \0 \ud800 words\n\n{new string('y', 100_000)}\n\n# {new string('h', 5000)}\nunderneath", title: "NUL\0 and \udfff");

        Assert.Single(await FindAsync("fine words"));
        Assert.Single(await FindAsync("underneath"));
    }

    [PostgresFact]
    public async Task Each_document_is_read_in_its_own_language_and_the_channels_wins_a_tie()
    {
        await AddAsync("O menu custa dez.", title: "pt", language: "pt-BR");
        await AddAsync("El menu cuesta diez.", title: "es", language: "es");

        Assert.Equal(["es", "pt"], (await FindAsync("menu", locale: "es-AR", most: 5)).Select(passage => passage.Title));
        Assert.Equal(["pt", "es"], (await FindAsync("menu", locale: "pt", most: 5)).Select(passage => passage.Title));
        Assert.Equal(["pt"], (await FindAsync("menu", language: "pt-PT", locale: "es", most: 5)).Select(passage => passage.Title));
        Assert.Empty(await FindAsync("menu", language: "fr", most: 5));
    }

    [PostgresFact]
    public async Task Only_the_collections_asked_for_are_searched()
    {
        await AddAsync("Deliveries of the shop.", collection: "shop");
        await AddAsync("Deliveries of the office.", collection: "office");

        Assert.Equal("shop", Assert.Single(await FindAsync("deliveries", most: 5, collections: ["shop", "nowhere"])).Collection);
        Assert.Equal(2, (await FindAsync("deliveries", most: 5)).Count);
    }

    [PostgresFact]
    public async Task A_tenant_finds_reads_changes_and_deletes_only_its_own()
    {
        var stranger = await TenantAsync();
        var document = await AddAsync("Deliveries cost five.");

        Assert.Empty(await Knowledge.SearchAsync(stranger, new("deliveries"), default));
        Assert.Empty(await Store.SearchAsync(stranger, new("deliveries"), default));
        Assert.Null(await Store.FindAsync(stranger, document.Id, default));
        Assert.False(await Store.DeleteAsync(stranger, document.Id, default));
        Assert.IsType<KnowledgeWrite.Unknown>(await Store.ReplaceAsync(stranger, document.Id, Draft("stolen"), default));
        Assert.Empty((await Store.ListAsync(stranger, null, null, new Page(1, 10), default)).Items);
        Assert.IsType<KnowledgeWrite.Written>(await Store.AddAsync(stranger, _ids.Next(), Draft("same title"), default));
        Assert.Equal("Deliveries cost five.", Assert.Single(await FindAsync("deliveries")).Text);
    }

    [PostgresFact]
    public async Task A_replaced_document_is_found_by_its_new_words_only()
    {
        var document = await AddAsync("Deliveries cost five.");

        var write = await Store.ReplaceAsync(_tenant, document.Id, Draft("Lieferungen sind frei.", language: "de"), default);

        Assert.Equal("german", Assert.IsType<KnowledgeWrite.Written>(write).Document.Configuration);
        Assert.Empty(await FindAsync("deliveries"));
        Assert.Single(await FindAsync("Lieferung"));
    }

    [PostgresFact]
    public async Task A_deleted_document_is_found_no_more()
    {
        var document = await AddAsync("Deliveries cost five.");

        Assert.True(await Store.DeleteAsync(_tenant, document.Id, default));

        Assert.False(await Store.DeleteAsync(_tenant, document.Id, default));
        Assert.Empty(await FindAsync("deliveries"));
    }

    [PostgresFact]
    public async Task A_title_stands_once_in_a_collection_and_a_repetition_by_id_is_kept_once()
    {
        var document = await AddAsync("Deliveries cost five.");

        Assert.IsType<KnowledgeWrite.TitleTaken>(await Store.AddAsync(_tenant, _ids.Next(), Draft("other"), default));
        Assert.Equal(document.Id, Assert.IsType<KnowledgeWrite.Written>(await Store.AddAsync(_tenant, document.Id, Draft("Deliveries cost five."), default)).Document.Id);
        Assert.Single(await FindAsync("deliveries", most: 5));

        var second = await AddAsync("other", title: "second");
        Assert.IsType<KnowledgeWrite.TitleTaken>(await Store.ReplaceAsync(_tenant, second.Id, Draft("other"), default));
    }

    [PostgresFact]
    public async Task Replacements_at_once_never_mix()
    {
        var document = await AddAsync("start");

        await Task.WhenAll(Enumerable.Range(0, 8).Select(at => Store.ReplaceAsync(_tenant, document.Id, Draft(string.Join("\n", Enumerable.Repeat($"# x\nword{at}\n", at + 1))), default)));

        var kept = (await Store.FindAsync(_tenant, document.Id, default))!;
        await using var count = _db.CreateCommand("select count(*), count(distinct text) from knowledge_passage");
        await using var row = await count.ExecuteReaderAsync();
        await row.ReadAsync();
        Assert.Equal((kept.Passages, 1), (row.GetInt64(0), row.GetInt64(1)));
    }

    [PostgresFact]
    public async Task A_store_that_does_not_answer_is_not_taken_for_nothing_fits()
    {
        await using var gone = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Timeout=1;Username=x;Database=x");

        await Assert.ThrowsAsync<StoreUnavailableException>(() => new PostgresKnowledge(gone).SearchAsync(_tenant, new("deliveries"), default));
    }

    [PostgresFact]
    public async Task Every_language_of_the_table_is_one_the_server_knows()
    {
        foreach (var tag in new[] { "ar", "hy", "eu", "ca", "da", "nl", "en", "fi", "fr", "de", "el", "hi", "hu", "id", "ga", "it", "lt", "ne", "no", "nb", "nn", "pt", "ro", "ru", "sr", "es", "sv", "ta", "tr", "yi" })
        {
            Assert.NotEqual(Languages.Unstemmed, Languages.ConfigurationOf(tag));
            await AddAsync("12345", title: tag, language: tag);
        }

        Assert.Equal(Languages.Unstemmed, Languages.ConfigurationOf("zh-Hant"));
        Assert.Equal(30, (await FindAsync("12345", most: 100)).Count);
    }

    private KnowledgeStore Store => new(new TenantScope(_db), TimeProvider.System);

    private PostgresKnowledge Knowledge => new(_db);

    private static KnowledgeDraft Draft(string content, string collection = "faq", string title = "t", string language = "en") => new(
        collection, title, language, DocumentFormat.Markdown, content, ((DocumentReading.Read)DocumentReading.Of(DocumentFormat.Markdown, content, default)).Passages);

    private async Task<KnowledgeDocument> AddAsync(string content, string collection = "faq", string title = "t", string language = "en") =>
        Assert.IsType<KnowledgeWrite.Written>(await Store.AddAsync(_tenant, _ids.Next(), Draft(content, collection, title, language), default)).Document;

    // As an agent and as an operator: both see the same.
    private async Task<IReadOnlyList<KnowledgePassage>> FindAsync(
        string question, int most = 5, double minMatch = 0, string? language = null, string? locale = null, params string[] collections)
    {
        var query = new KnowledgeQuery(question) { Collections = [.. collections], Most = most, MinMatch = minMatch, Language = language, Locale = locale };
        var found = await Knowledge.SearchAsync(_tenant, query, default);
        Assert.Equal(found.AsEnumerable(), await Store.SearchAsync(_tenant, query, default));
        return found;
    }

    private async Task<TenantId> TenantAsync()
    {
        var tenant = new TenantId(_ids.Next());
        await using var insert = _db.CreateCommand("insert into tenant (id, name, created_at) values ($1, 'acme', now())");
        insert.Parameters.Add(new() { Value = tenant.Value });
        await insert.ExecuteNonQueryAsync();
        return tenant;
    }
}
