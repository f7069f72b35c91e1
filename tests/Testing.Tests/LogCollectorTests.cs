using Microsoft.Extensions.Logging;
using Xunit.Sdk;

namespace Channels.Testing.Tests;

public sealed partial class LogCollectorTests
{
    private const string Secret = "sk-live-0815";

    private readonly LogCollector _log = new();

    [Fact]
    public void An_entry_keeps_its_message_its_values_and_its_event()
    {
        Took(_log.For<LogCollectorTests>(), "telegram", 3);

        var entry = Assert.Single(_log.Entries);

        Assert.Equal((LogLevel.Warning, 4711, "telegram took 3 attempts"), (entry.Level, entry.Event.Id, entry.Message));
        Assert.Contains(new("Attempts", 3), entry.Values);
        Assert.Equal("Channels.Testing.Tests.LogCollectorTests", entry.Category);
    }

    [Fact]
    public void What_was_never_logged_is_absent()
    {
        Took(_log.For<LogCollectorTests>(), "telegram", 3);

        _log.AssertAbsent(Secret, "");
    }

    public static TheoryData<Action<ILogger>> Leaks =>
    [
        log => log.LogInformation("token " + Secret),
        log => log.LogInformation("token {Token}", Secret.ToUpperInvariant()),
        log => log.LogError(new InvalidOperationException("outer", new HttpRequestException(Secret)), "failed"),
        log =>
        {
            using (log.BeginScope(new Dictionary<string, object> { ["Token"] = Secret }))
            {
                log.LogInformation("hello");
            }
        },
    ];

    [Theory]
    [MemberData(nameof(Leaks))]
    public void A_secret_is_found_wherever_it_hides_and_the_report_does_not_repeat_it(Action<ILogger> leak)
    {
        leak(_log.CreateLogger("any"));

        var report = Assert.ThrowsAny<XunitException>(() => _log.AssertAbsent("other", Secret));

        Assert.DoesNotContain(Secret, report.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Secret 1", report.Message, StringComparison.Ordinal);
    }

    [LoggerMessage(4711, LogLevel.Warning, "{Kind} took {Attempts} attempts")]
    private static partial void Took(ILogger logger, string kind, int attempts);
}
