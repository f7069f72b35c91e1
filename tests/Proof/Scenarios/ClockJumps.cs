using Channels.Proof.Ledgers;

namespace Channels.Proof.Scenarios;

/// <summary>The machine's wall clock is set forwards and backwards: while the product runs, and between two of its lives, with work waiting.</summary>
internal sealed class ClockJumps : Scenario
{
    public override string Name => "clock";

    public override string Promise => "the wall clock set back and forth by hours and by months, running and over kills, with replies waiting: nothing lost or doubled, and order stays.";

    public override async Task<Verdict> RunAsync(Course course)
    {
        var rounds = course.Rounds(full: 5, brief: 1);
        var choices = course.Choices(Name);
        using var clock = new MovableClock(TimeSpan.Zero);
        await using var stage = await Stage.SetAsync(settings: clock.Settings);
        var shop = await stage.ShopAsync("clock", "5491150000001");
        List<Writer> writers = [.. Enumerable.Range(1, 6).Select(n => Writer.Customer(shop, $"549116100000{n}"))];
        await using var load = new Load(writers, pace: TimeSpan.FromMilliseconds(40));
        load.Begin();
        var jumps = 0;
        for (var round = 1; round <= rounds; round++)
        {
            // Replies wait over each jump, made before it and after it: they must still leave in order.
            foreach (var jump in Jumps(course, choices))
            {
                await shop.Channel.DeactivateAsync();
                await SomeLoadAsync(load);
                await clock.SetAsync(clock.Offset + jump.By);
                if (jump.Killed)
                {
                    await stage.Product.KillAsync();
                    await stage.Product.StartAgainAsync();
                }

                await SomeLoadAsync(load);
                await shop.Channel.ActivateAsync();
                await SomeLoadAsync(load);
                jumps++;
                course.Say($"round {round} of {rounds}: the clock jumped by {jump.By}{(jump.Killed ? ", over a kill" : "")}; {load.Acknowledged} acknowledged so far");
            }
        }

        await load.EndAsync();
        var tally = await Comparison.OfAsync("all conversations", writers);
        return new Verdict($"{jumps} jumps, {writers.Count} conversations", await stage.StoreAsync(), [tally], [.. stage.LogComplaints()]);
    }

    // Each round ends where it began, so that rounds can be repeated.
    private static List<(TimeSpan By, bool Killed)> Jumps(Course course, Random choices)
    {
        var (hours, days) = (TimeSpan.FromMinutes(choices.Next(30, 300)), TimeSpan.FromDays(choices.Next(40, 90)));
        return course.Brief
            ? [(hours, false), (-hours, true), (days, true), (-days, false)]
            : [(hours, false), (-hours, false), (hours, true), (-hours, true), (days, false), (TimeSpan.FromMinutes(1), true), (-days, true), (-TimeSpan.FromMinutes(1), false)];
    }

    private static Task SomeLoadAsync(Load load)
    {
        var before = load.Acknowledged;
        return Until.TrueAsync("some load", () => load.Acknowledged >= before + 30, () => $"{load.Acknowledged - before} more messages, refused: {load.RefusalsShown}");
    }
}
