using System.Globalization;
using Channels.Proof.Pouring;

namespace Channels.Proof;

/// <summary>The command: <c>Channels.Proof all | list | SCENARIO… [--seed N] [--rounds N] [--seconds N] [--brief]</c>.</summary>
internal static class Program
{
    private const int Kept = 0;
    private const int Broken = 1;
    private const int Misused = 2;

    private const string Usage = """
        Channels.Proof all                       every scenario
        Channels.Proof SCENARIO…                 these
        Channels.Proof list                      what there is

          --seed N      the same random choices again (printed by every run)
          --rounds N    how often a scenario repeats itself
          --seconds N   how long its load, or its outage, lasts
          --brief       the short form that ./test.sh runs

        Ends with 0 when every promise was kept, 1 when one was broken, 2 when it was not understood.
        """;

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is [FloodCommand.Name])
        {
            return await FloodCommand.RunAsync();
        }

        if (Request.Read(arguments) is not { } request)
        {
            await Console.Error.WriteLineAsync(Usage);
            return Misused;
        }

        if (request.Scenarios.Count == 0)
        {
            foreach (var scenario in Scenario.All)
            {
                Console.WriteLine($"{scenario.Name,-14}{scenario.Promise}");
            }

            return Kept;
        }

        var report = new Report(request.Seed);
        report.Begin();
        foreach (var scenario in request.Scenarios)
        {
            await report.AddAsync(scenario, new Course(request.Seed, request.Brief, request.Rounds, request.Seconds, line => Console.WriteLine($"    {line}")));
        }

        return report.End() ? Kept : Broken;
    }

    /// <summary>What was asked for. No scenario: only their list.</summary>
    private sealed record Request(IReadOnlyList<Scenario> Scenarios, int Seed, int? Rounds, int? Seconds, bool Brief)
    {
        /// <summary>Null when it cannot be understood.</summary>
        public static Request? Read(string[] arguments)
        {
            var names = new List<string>();
            var numbers = new Dictionary<string, int>();
            var brief = false;
            for (var at = 0; at < arguments.Length; at++)
            {
                if (arguments[at] is "--brief")
                {
                    brief = true;
                }
                else if (arguments[at] is "--seed" or "--rounds" or "--seconds")
                {
                    if (at + 1 == arguments.Length || !int.TryParse(arguments[at + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                    {
                        return null;
                    }

                    numbers[arguments[at++]] = number;
                }
                else
                {
                    names.Add(arguments[at]);
                }
            }

            var scenarios = names is ["all"] ? Scenario.All : names is ["list"] ? [] : [.. Scenario.All.Where(scenario => names.Contains(scenario.Name))];
            return names.Count == 0 || (names is not (["all"] or ["list"]) && scenarios.Count != names.Count)
                ? null
                : new Request(scenarios, numbers.GetValueOrDefault("--seed", Random.Shared.Next(1_000_000)), Of("--rounds"), Of("--seconds"), brief);

            int? Of(string name) => numbers.TryGetValue(name, out var number) ? number : null;
        }
    }
}
