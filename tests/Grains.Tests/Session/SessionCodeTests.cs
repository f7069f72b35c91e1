using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Grains.Abstractions;
using Channels.Grains.Session;
using Channels.Testing;
using SessionState = Channels.Core.Sessions.Session;

namespace Channels.Grains.Tests.Session;

public sealed class SessionCodeTests
{
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(20);
    private readonly ManualClock _clock = new(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly SessionCode _code;
    private readonly SessionState _scanning;

    public SessionCodeTests()
    {
        _code = new SessionCode(new SessionOptions(), _clock);
        _scanning = new(SessionStatus.ScanQrCode, _clock.GetUtcNow(), null, null, null, false, null, 0, null, null);
    }

    [Fact]
    public void A_code_that_was_replaced_is_shown_no_more_and_fetched_for_who_watches()
    {
        _code.Offer(Code("first"), _clock.GetUtcNow(), Life);
        Assert.Equal(Code("first"), _code.Current(_scanning));
        _clock.Advance(TimeSpan.FromSeconds(5));

        Hear(EventKinds.ConnectionQrNeeded);

        Assert.Null(_code.Current(_scanning));
        Assert.False(_code.MustRenew(_scanning));
        _code.Watch();
        Assert.True(_code.MustRenew(_scanning));

        _clock.Advance(TimeSpan.FromSeconds(1));
        _code.Offer(Code("second"), _clock.GetUtcNow(), Life);
        Assert.Equal(Code("second"), _code.Current(_scanning));
        Assert.False(_code.MustRenew(_scanning));
    }

    [Fact]
    public void The_news_of_a_code_that_was_fetched_since_is_old()
    {
        Hear(EventKinds.ConnectionQrNeeded);
        _clock.Advance(TimeSpan.FromSeconds(1));

        _code.Offer(Code("first"), _clock.GetUtcNow(), Life);

        Assert.Equal(Code("first"), _code.Current(_scanning));
    }

    [Fact]
    public void Another_sign_replaces_nothing_and_one_with_a_code_brings_it()
    {
        _code.Offer(Code("first"), _clock.GetUtcNow(), Life);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Hear(EventKinds.ConnectionConnecting);
        Assert.Equal(Code("first"), _code.Current(_scanning));

        Hear(EventKinds.ConnectionQr, Code("second"));
        Assert.Equal(Code("second"), _code.Current(_scanning));
    }

    [Fact]
    public void A_clock_that_is_set_back_keeps_no_code_out_and_no_fresh_one_away()
    {
        _code.Offer(Code("first"), _clock.GetUtcNow(), Life);
        Hear(EventKinds.ConnectionQrNeeded);
        _code.Watch();
        _code.Ask();
        _clock.Advance(TimeSpan.FromSeconds(1));

        _clock.Jump(TimeSpan.FromHours(-5));

        Assert.Equal(Code("first"), _code.Current(_scanning));
        Assert.Equal(_clock.GetUtcNow() + Life - TimeSpan.FromSeconds(1), _code.ExpiresAt);
        _clock.Advance(Life - TimeSpan.FromSeconds(1));
        Assert.Null(_code.Current(_scanning));
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.False(_code.MustRenew(_scanning));
        _code.Watch();
        Assert.True(_code.MustRenew(_scanning));

        _code.Offer(Code("second"), _clock.GetUtcNow(), Life);

        Assert.Equal(Code("second"), _code.Current(_scanning));
        Assert.Equal(_clock.GetUtcNow() + Life, _code.ExpiresAt);
    }

    [Fact]
    public void News_that_the_clock_before_its_correction_dated_is_of_now()
    {
        var dated = _clock.GetUtcNow();
        _clock.Jump(TimeSpan.FromHours(-5));
        _code.Hear(new SessionSign(EventKinds.ConnectionQr, dated, null, false, null, Code("first")), SessionStatus.ScanQrCode, Life);
        Assert.Equal(Code("first"), _code.Current(_scanning));

        _clock.Advance(Life);

        Assert.Null(_code.Current(_scanning));
    }

    private static PairingCode Code(string text) => new(text, null, null);

    private void Hear(string kind, PairingCode? code = null) =>
        _code.Hear(new SessionSign(kind, _clock.GetUtcNow(), null, false, null, code), SessionStatus.ScanQrCode, Life);
}
