using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Grains.Media;
using Channels.Testing;

namespace Channels.Grains.Tests.Media;

public sealed class MediaAttemptTests
{
    private readonly ManualClock _clock = new();
    private readonly LogCollector _log = new();

    [Fact]
    public async Task A_download_that_stops_gives_its_place_back_after_fifteen_seconds_and_one_that_goes_on_does_not()
    {
        using var attempt = new MediaAttempt(_clock, _log.For<MediaAttempt>());
        var provider = new Provider();
        var running = attempt.RunAsync(provider, null!, new MediaReference(), default);

        for (var piece = 0; piece < 4; piece++)
        {
            await provider.SendAsync();
            _clock.Advance(MediaAttempt.Stalled - TimeSpan.FromSeconds(1));
        }

        Assert.False(running.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("the download stopped after 4 bytes", Assert.IsType<MediaFetchOutcome.TryLater>(await running.WaitAsync(TimeSpan.FromSeconds(30))).Reason);
    }

    [Fact]
    public async Task Nothing_at_all_is_waited_for_twice_as_long_because_of_the_question_before_it()
    {
        using var attempt = new MediaAttempt(_clock, _log.For<MediaAttempt>());
        var running = attempt.RunAsync(new Provider(), null!, new MediaReference(), default);

        _clock.Advance(TimeSpan.FromSeconds(29));
        Assert.False(running.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.IsType<MediaFetchOutcome.TryLater>(await running.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task A_byte_now_and_then_is_not_enough()
    {
        using var attempt = new MediaAttempt(_clock, _log.For<MediaAttempt>());
        var provider = new Provider();
        var running = attempt.RunAsync(provider, null!, new MediaReference(), default);

        for (var passed = TimeSpan.Zero; passed < MediaAttempt.Longest; passed += TimeSpan.FromSeconds(10))
        {
            await provider.SendAsync();
            _clock.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Contains("not complete within 2 minutes", Assert.IsType<MediaFetchOutcome.TryLater>(await running.WaitAsync(TimeSpan.FromSeconds(30))).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_came_without_a_byte_is_asked_for_again()
    {
        using var attempt = new MediaAttempt(_clock, _log.For<MediaAttempt>());

        var outcome = await attempt.RunAsync(new Provider { IsEmpty = true }, null!, new MediaReference(), default);

        Assert.Equal("the file came empty", Assert.IsType<MediaFetchOutcome.TryLater>(outcome).Reason);
    }

    /// <summary>Sends a byte when told to, and never ends by itself unless it has none.</summary>
    private sealed class Provider : IMediaFetch
    {
        public bool IsEmpty { get; init; }

        private readonly TaskCompletionSource<Stream> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ChannelManifest Manifest => throw new NotSupportedException();

        public async Task SendAsync() => await (await _begun.Task).WriteAsync(new byte[1]);

        public bool MustFetch(MediaReference media) => true;

        public async Task<MediaFetchOutcome> FetchAsync(Connection connection, MediaReference media, Stream destination, CancellationToken cancellationToken)
        {
            _begun.SetResult(destination);
            await Task.Delay(IsEmpty ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, cancellationToken);
            return new MediaFetchOutcome.Fetched();
        }

        public bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) => throw new NotSupportedException();

        public Normalised Normalise(WebhookBody webhook) => throw new NotSupportedException();

        public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
