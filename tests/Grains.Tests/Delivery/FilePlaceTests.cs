using Channels.Core.Connectors;
using Channels.Core.Fairness;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Grains.Abstractions;
using Channels.Grains.Delivery;

namespace Channels.Grains.Tests.Delivery;

/// <summary>Stored files are in memory while they are sent: so many at once in a process, and nobody else waits for them.</summary>
public sealed class FilePlaceTests
{
    private readonly Queue<TaskCompletionSource<SendOutcome>> _hanging = [];

    [Fact]
    public async Task A_file_that_has_no_place_is_not_begun_and_the_texts_of_other_conversations_leave()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        var taken = await TakeAllAsync(stage.Files);
        var (file, text) = (File(stage, "file"), stage.Reply("text"));

        await stage.Delivery.EnqueueAsync(stage.Tenant, [file, text]);

        await stage.ExpectAsync("begin attempt 1", "send text", "settle text Accepted");
        await stage.WaitOfAsync(file, ReplyWaitCause.BehindOthers);
        taken[0].Dispose();
        await stage.ExpectAsync("begin attempt 1", "send file", "settle file Accepted");
        (await stage.Files.EnterAsync(stage.Tenant, default).AsTask().WaitAsync(TimeSpan.FromSeconds(20))).Dispose();
    }

    [Fact]
    public async Task One_account_sends_as_many_files_at_once_as_leave_room_for_other_tenants()
    {
        await using var stage = await (await DeliveryStage.StartAsync(concurrency: 8)).ReadyAsync();
        stage.Kind.Answer = Hang;
        var files = Enumerable.Range(1, 5).Select(n => File(stage, $"{n}")).ToList();

        await stage.Delivery.EnqueueAsync(stage.Tenant, [.. files]);

        await stage.ExpectAsync("begin attempt 1", "send 1", "begin attempt 1", "send 2", "begin attempt 1", "send 3", "begin attempt 1", "send 4");
        await stage.WaitOfAsync(files[4], ReplyWaitCause.BehindOthers);
        Answer();
        await stage.ExpectAsync("settle 1 Accepted", "begin attempt 1", "send 5");
        for (var left = 2; left <= 5; left++)
        {
            Answer();
            await stage.ExpectAsync($"settle {left} Accepted");
        }
    }

    [Fact]
    public async Task A_file_whose_place_has_come_goes_before_the_texts_of_a_busy_account()
    {
        await using var stage = await (await DeliveryStage.StartAsync(concurrency: 2)).ReadyAsync();
        var taken = await TakeAllAsync(stage.Files);
        stage.Kind.Answer = Hang;
        await stage.Delivery.EnqueueAsync(stage.Tenant, [stage.Reply("before")]);
        await stage.ExpectAsync("begin attempt 1", "send before");
        var file = File(stage, "file");
        await stage.Delivery.EnqueueAsync(stage.Tenant, [file]);
        await stage.WaitOfAsync(file, ReplyWaitCause.BehindOthers);
        Answer();
        await stage.ExpectAsync("settle before Accepted");

        // In the place of the one before, and so ahead of the file.
        var first = stage.Reply("first");
        await stage.Delivery.EnqueueAsync(stage.Tenant, [first, stage.Reply("second", first.Conversation.Value)]);
        await stage.ExpectAsync("begin attempt 1", "send first");
        await stage.Delivery.EnqueueAsync(stage.Tenant, [stage.Reply("elsewhere")]);
        await stage.ExpectAsync("begin attempt 1", "send elsewhere");
        var passes = stage.LookUps;
        taken[0].Dispose();
        await stage.UntilLookedUpAsync(passes + 1);

        Answer();

        await stage.ExpectAsync("settle first Accepted", "begin attempt 1", "send file");
        Answer();
        await stage.ExpectAsync("settle elsewhere Accepted", "begin attempt 1", "send second");
        Answer();
        await stage.ExpectAsync("settle file Accepted");
        Answer();
        await stage.ExpectAsync("settle second Accepted");
    }

    [Fact]
    public async Task A_place_that_comes_when_its_account_may_not_send_any_more_goes_to_the_next()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        var taken = await TakeAllAsync(stage.Files);
        var file = File(stage, "file");
        await stage.Delivery.EnqueueAsync(stage.Tenant, [file]);
        await stage.WaitOfAsync(file, ReplyWaitCause.BehindOthers);
        var other = stage.Files.EnterAsync(Tenant(100), default).AsTask();
        stage.Status = Core.Channels.AccountStatus.Inactive;

        taken[0].Dispose();

        (await other.WaitAsync(TimeSpan.FromSeconds(20))).Dispose();
    }

    private static TenantId Tenant(int number) => new(new Guid(number, 0, 0, new byte[8]));

    private static async Task<List<FairGate.Place>> TakeAllAsync(OutboundFiles files)
    {
        var taken = new List<FairGate.Place>();
        while (taken.Count < OutboundFiles.Places)
        {
            taken.Add(await files.EnterAsync(Tenant(taken.Count + 1), default));
        }

        return taken;
    }

    private static QueuedReply File(DeliveryStage stage, string text) =>
        stage.Reply(text) with { Content = new OutboundContent.File(FileForm.Image, null, $"sha256-{new string('0', 64)}", "image/png", null) };

    private Task<SendOutcome> Hang()
    {
        var answer = new TaskCompletionSource<SendOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        _hanging.Enqueue(answer);
        return answer.Task;
    }

    private void Answer() => _hanging.Dequeue().SetResult(new SendOutcome.Accepted("3EB0"));
}
