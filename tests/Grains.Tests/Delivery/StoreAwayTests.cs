using Channels.Core;

namespace Channels.Grains.Tests.Delivery;

/// <summary>The store is away when the provider's answer is to be written down.</summary>
public sealed class StoreAwayTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task What_the_provider_said_is_kept_for_longer_than_an_idle_grain_is()
    {
        await using var stage = await DeliveryStage.StartAsync();
        await stage.ReadyAsync();
        var isAway = true;
        stage.Settling = () => Volatile.Read(ref isAway) ? Task.FromException(new StoreUnavailableException()) : Task.CompletedTask;
        var retry = stage.Clock.TimerSetAsync(IsRetry);
        await stage.Delivery.EnqueueAsync(stage.Tenant, [stage.Reply("hola")]);
        await stage.ExpectAsync("begin attempt 1", "send hola");
        await retry.WaitAsync(Patience);

        for (var minute = 0; minute < 40; minute++)
        {
            retry = stage.Clock.TimerSetAsync(IsRetry);
            stage.Clock.Advance(TimeSpan.FromMinutes(1));
            await retry.WaitAsync(Patience);
        }

        Volatile.Write(ref isAway, false);
        stage.Clock.Advance(TimeSpan.FromSeconds(10));

        await stage.ExpectAsync("settle hola Accepted");
    }

    // Between its tries it waits for so long.
    private static bool IsRetry(TimeSpan after) => after >= TimeSpan.FromMilliseconds(200) && after <= TimeSpan.FromSeconds(5);
}
