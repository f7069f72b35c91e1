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
        var (isAway, tries) = (true, 0);
        stage.Settling = () =>
        {
            Interlocked.Increment(ref tries);
            return Volatile.Read(ref isAway) ? Task.FromException(new StoreUnavailableException()) : Task.CompletedTask;
        };
        await stage.Delivery.EnqueueAsync(stage.Tenant, [stage.Reply("hola")]);
        await stage.ExpectAsync("begin attempt 1", "send hola");

        for (var minute = 0; minute < 40; minute++)
        {
            stage.Clock.Advance(TimeSpan.FromMinutes(1));
            await NextTryAsync();
        }

        Volatile.Write(ref isAway, false);
        await NextTryAsync();

        await stage.ExpectAsync("settle hola Accepted");

        // When it tries next is set on another thread: time goes on until it has.
        async Task NextTryAsync()
        {
            using var limit = new CancellationTokenSource(Patience);
            var before = Volatile.Read(ref tries);
            while (Volatile.Read(ref tries) == before)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), limit.Token);
                stage.Clock.Advance(TimeSpan.FromSeconds(1));
            }
        }
    }
}
