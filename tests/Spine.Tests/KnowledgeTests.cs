using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

public sealed class KnowledgeTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    private const string Documents = "/api/v1/knowledge/documents";

    [PostgresFact]
    public async Task A_contact_is_answered_from_the_tenants_documents_in_the_channels_language_until_they_change()
    {
        await Spine.Tenant.PostAsync(Documents, new { collection = "shop", title = "Fragen", language = "de", content = $"# Lieferung\n{Running.Spine.Mark} Wir liefern **täglich**.\n\n# Zahlung\nMit Karte." });
        var other = await Spine.Tenant.PostAsync(Documents, new { collection = "shop", title = "Menu", language = "de", content = $"# Menü\n{Running.Spine.Mark} Das Menü." });
        await Spine.Tenant.PostAsync(Documents, new { collection = "shop", title = "The menu", language = "en", content = $"# Menu\n{Running.Spine.Mark} The menu." });
        var shop = await Spine.EvolutionAsync(new { kind = "knowledge", collections = new[] { "shop" }, min_match = 0.3 }, policy: new { locale = "de-AT" });
        var number = Spine.NewNumber();

        await shop.SaysAsync(number, "Machen Sie Lieferungen?");
        await shop.SentAsync(1);
        await shop.SaysAsync(number, "Menu");
        await shop.SentAsync(2);
        await shop.Channel.Api.AskAsync(HttpMethod.Delete, $"{Documents}/{other.GetProperty("id").GetGuid()}");
        await shop.SaysAsync(number, "Menu");

        Assert.Equal(
            [$"{Running.Spine.Mark} Wir liefern täglich.", $"{Running.Spine.Mark} Das Menü.", $"{Running.Spine.Mark} The menu."],
            (await shop.SentAsync(3, number)).Select(send => send.Text));
    }

    [PostgresFact]
    public async Task A_question_that_nothing_fits_goes_to_a_person()
    {
        await Spine.Tenant.PostAsync(Documents, new { collection = "hours", title = "Hours", language = "en", content = $"# Opening hours\n{Running.Spine.Mark} We open at nine." });
        var shop = await Spine.EvolutionAsync(new { kind = "knowledge", collections = new[] { "hours" }, hand_over_text = $"{Running.Spine.Mark} somebody will answer" });
        var number = Spine.NewNumber();

        await shop.SaysAsync(number, "Do you sell submarines with a periscope?");

        Assert.Equal($"{Running.Spine.Mark} somebody will answer", Assert.Single(await shop.SentAsync(1)).Text);
        var conversation = await shop.Channel.ConversationAsync(EvolutionBodies.Person(number));
        Assert.True(conversation.AgentPaused);
        var asked = Assert.Single(await shop.Channel.MessagesAsync(conversation.Id), message => message.IsIn);
        Assert.StartsWith("handed over", asked.Reason, StringComparison.Ordinal);
    }
}
