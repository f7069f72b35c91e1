using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>The directory for files takes none: the disk is full, or belongs to somebody else.</summary>
public sealed class MediaAwayTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    [PostgresFact]
    public async Task A_picture_waits_with_what_came_after_it_and_it_is_said_why_until_it_goes_on_by_itself()
    {
        var (shop, number) = (await Spine.EvolutionAsync(), Spine.NewNumber());
        var media = Path.Combine(Spine.Product.DataDirectory, "media");
        Directory.Delete(media);
        await File.WriteAllTextAsync(media, "in the way");
        var (before, after) = (Words("before"), Words("after"));

        await shop.SaysAsync(number, before);
        await shop.Channel.DeliverAsync(EvolutionBodies.Image(shop.Name, EvolutionBodies.Person(number), EvolutionChannel.NewId(), Words("look"), [1, 2, 3]));
        await shop.SaysAsync(number, after);
        var sentBefore = await shop.SentAsync(1);
        await Until.TrueAsync(
            "the log to name the directory as an error, and the pass that waits for it", () => Lines("Files cannot be kept in", media) && Lines("MediaUnavailableException", "media directory"));
        var steps = (await Spine.Tenant.GetAsync("/api/v1/ledger")).GetProperty("tenant").GetProperty("next_steps").EnumerateArray().Select(step => step.GetString()!).ToList();
        File.Delete(media);
        await Until.TrueAsync("the text behind the picture to be answered", () => shop.Sends.Any(send => send.Text == after), within: TimeSpan.FromSeconds(60));

        Assert.Equal([before], sentBefore.Select(send => send.Text));
        Assert.Contains(steps, step => step.StartsWith("Files cannot be kept", StringComparison.Ordinal));
        var picture = Assert.Single(await shop.Channel.MessagesWithAsync(EvolutionBodies.Person(number)), message => message.Kind == "message.image");
        Assert.True(picture.IsIn);
        Assert.Single(Directory.EnumerateFiles(media, "*", SearchOption.AllDirectories));
    }

    private bool Lines(string one, string other) =>
        Spine.Product.Log.Lines.Any(line => line.Contains(one, StringComparison.Ordinal) && line.Contains(other, StringComparison.Ordinal));
}
