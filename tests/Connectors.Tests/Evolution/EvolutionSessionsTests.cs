using Channels.Core.Connectors;
using Channels.FakeProviders.Evolution;
using Microsoft.AspNetCore.Http;

namespace Channels.Connectors.Tests.Evolution;

public sealed class EvolutionSessionsTests : IAsyncLifetime
{
    private const string Name = "harbour-shop";
    private readonly IPairingConnector _connector = (IPairingConnector)TestConnections.Connector("evolution");
    private FakeEvolution _gateway = null!;

    private Connection Connection => TestConnections.ToGateway(_gateway.Address);

    public async Task InitializeAsync() => _gateway = await FakeEvolution.StartAsync();

    public async Task DisposeAsync() => await _gateway.DisposeAsync();

    [Theory]
    [InlineData("open", typeof(SessionReading.Open))]
    [InlineData("connecting", typeof(SessionReading.Connecting))]
    [InlineData("close", typeof(SessionReading.Closed))]
    [InlineData("something-new", typeof(SessionReading.Closed))]
    [InlineData("refused", typeof(SessionReading.Closed))]
    public async Task Its_state_is_read(string state, Type expected)
    {
        _gateway.AddInstance(Name, state);

        Assert.IsType(expected, await _connector.ReadSessionAsync(Connection, identify: false, default));
    }

    [Theory]
    [InlineData("connecting", true)]
    [InlineData("connecting", false)]
    [InlineData("close", true)]
    [InlineData("close", false)]
    public async Task One_that_is_away_is_told_from_one_that_is_not_paired(string state, bool isPaired)
    {
        _gateway.AddInstance(Name, state).IsPaired = isPaired;

        SessionReading expected = state == "close" ? new SessionReading.Closed(isPaired) : new SessionReading.Connecting(isPaired);
        Assert.Equal(expected, await _connector.ReadSessionAsync(Connection, identify: false, default));
    }

    [Fact]
    public async Task A_gateway_that_has_just_started_is_waited_for()
    {
        var instance = _gateway.AddInstance(Name);
        _gateway.Pairing.IsStarting = true;

        Assert.Equal(new SessionReading.Connecting(null), await _connector.ReadSessionAsync(Connection, identify: true, default));
        Assert.IsType<ActivationOutcome.Connecting>(await _connector.RestartAsync(Connection, isIdle: true, default));
        Assert.IsType<ActivationOutcome.Connecting>(await _connector.PairAsync(Connection, null, default));
        Assert.IsType<ActivationOutcome.Unreachable>(await _connector.LogOutAsync(Connection, default));
        Assert.Equal("open", instance.State);
    }

    [Fact]
    public async Task One_that_is_paired_and_reconnecting_is_never_told_to_connect()
    {
        var instance = _gateway.AddInstance(Name);
        instance.State = "connecting";

        Assert.True(await _connector.PairAsync(Connection, "4915112345678", default) is ActivationOutcome.Connecting { Code: null });

        Assert.Equal(0, instance.SecondConnections);
        Assert.DoesNotContain($"GET /instance/connect/{Name}", _gateway.Calls);
    }

    [Fact]
    public async Task Something_else_that_answers_200_is_no_gateway()
    {
        _gateway.Before = async (http, _, _) =>
        {
            await http.Response.WriteAsync("<html>We are back soon</html>");
            return true;
        };

        Assert.Equal("wrong-address", Assert.IsType<SessionReading.Refused>(await _connector.ReadSessionAsync(Connection, identify: true, default)).Code);
        Assert.Equal("base_url", Assert.IsType<ActivationOutcome.Refused>(await _connector.PairAsync(Connection, null, default)).Field);
        Assert.Equal("base_url", Assert.IsType<ActivationOutcome.Refused>(await _connector.LogOutAsync(Connection, default)).Field);
    }

    [Theory]
    [InlineData("connecting")]
    [InlineData("close")]
    public async Task An_end_that_the_gateway_cannot_bring_about_now_says_why(string state)
    {
        var instance = _gateway.AddInstance(Name);

        // A connection that cannot come back is the one and the other in turn.
        instance.State = state;

        Assert.Equal("reconnecting", Assert.IsType<ActivationOutcome.Refused>(await _connector.LogOutAsync(Connection, default)).Code);
        Assert.True(instance.IsPaired);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_gateway_that_calls_it_done_between_two_connections_is_believed_only_without_a_pairing(bool isPaired)
    {
        await using var gateway = await FakeEvolution.StartAsync(new() { ClosedIsLoggedOut = true });
        gateway.AddInstance(Name, "close").IsPaired = isPaired;

        var outcome = await _connector.LogOutAsync(TestConnections.ToGateway(gateway.Address), default);

        Assert.Equal(isPaired ? "reconnecting" : null, (outcome as ActivationOutcome.Refused)?.Code);
        Assert.Equal(isPaired, outcome is not null);
    }

    [Fact]
    public async Task A_deletion_that_comes_too_early_is_repeated()
    {
        _gateway.AddInstance(Name);
        _gateway.Pairing.FailingDeletions = 1;

        Assert.Null(await _connector.RemoveAsync(Connection, default));
        Assert.Empty(_gateway.Instances);
    }

    [Fact]
    public async Task Who_is_paired_is_asked_only_when_wanted()
    {
        _gateway.AddInstance(Name).OwnJid = "4915112345678:7@s.whatsapp.net";
        _gateway.AddInstance("another").OwnJid = "4900000000000@s.whatsapp.net";

        Assert.Equal(new SessionReading.Open(null), await _connector.ReadSessionAsync(Connection, identify: false, default));
        Assert.Equal(new SessionReading.Open("4915112345678@s.whatsapp.net"), await _connector.ReadSessionAsync(Connection, identify: true, default));
    }

    [Fact]
    public async Task What_keeps_it_from_being_read_is_told_apart()
    {
        Assert.IsType<SessionReading.Missing>(await _connector.ReadSessionAsync(Connection, identify: true, default));
        _gateway.AddInstance(Name);

        var refused = Assert.IsType<SessionReading.Refused>(
            await _connector.ReadSessionAsync(TestConnections.ToGateway(_gateway.Address, key: "some-other-key"), identify: true, default));
        Assert.Equal("unauthorized", refused.Code);
        _gateway.LicenceMissing = true;
        Assert.Equal("license-required", Assert.IsType<SessionReading.Refused>(await _connector.ReadSessionAsync(Connection, identify: true, default)).Code);
        await _gateway.StopAsync();
        Assert.IsType<SessionReading.Unreachable>(await _connector.ReadSessionAsync(Connection, identify: true, default));
    }

    [Theory]
    [InlineData(1, "PUT")]
    [InlineData(2, "POST")]
    public async Task An_open_connection_is_restarted_in_either_dialect(int major, string method)
    {
        await using var gateway = await FakeEvolution.StartAsync(new() { Major = major });
        gateway.AddInstance(Name);

        // What the gateway says of the state is older than the restart.
        Assert.IsType<ActivationOutcome.Connecting>(await _connector.RestartAsync(TestConnections.ToGateway(gateway.Address), isIdle: true, default));

        Assert.Contains($"{method} /instance/restart/{Name}", gateway.Calls);
        Assert.DoesNotContain($"GET /instance/connect/{Name}", gateway.Calls);
    }

    [Fact]
    public async Task A_closed_connection_is_told_to_connect_since_its_restart_does_nothing()
    {
        _gateway.AddInstance(Name, "close");

        var outcome = Assert.IsType<ActivationOutcome.Connecting>(await _connector.RestartAsync(Connection, isIdle: true, default));

        Assert.False(outcome.Code!.IsEmpty);
        Assert.Contains($"GET /instance/connect/{Name}", _gateway.Calls);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task One_that_is_paired_and_closed_is_told_to_connect_only_when_its_gateway_does_nothing_by_itself(bool isIdle, int connections)
    {
        var instance = _gateway.AddInstance(Name);
        instance.State = "close";

        Assert.IsType<ActivationOutcome.Connecting>(await _connector.RestartAsync(Connection, isIdle, default));

        Assert.Equal(connections, _gateway.Calls.Count(call => call == $"GET /instance/connect/{Name}"));
    }

    [Fact]
    public async Task Logging_out_and_removing_are_done_when_there_is_nothing_left_to_do()
    {
        var instance = _gateway.AddInstance(Name);

        Assert.Null(await _connector.LogOutAsync(Connection, default));
        Assert.Null(await _connector.LogOutAsync(Connection, default));
        Assert.Equal("close", instance.State);
        Assert.Null(await _connector.RemoveAsync(Connection, default));
        Assert.Empty(_gateway.Instances);
        Assert.Null(await _connector.RemoveAsync(Connection, default));
        Assert.Null(await _connector.LogOutAsync(Connection, default));
    }

    [Fact]
    public async Task A_gateway_that_is_away_is_no_log_out()
    {
        await _gateway.StopAsync();

        Assert.IsType<ActivationOutcome.Unreachable>(await _connector.LogOutAsync(Connection, default));
        Assert.IsType<ActivationOutcome.Unreachable>(await _connector.RemoveAsync(Connection, default));
    }

    [Fact]
    public async Task A_number_brings_a_code_to_type()
    {
        var created = Assert.IsType<ActivationOutcome.Connecting>(await _connector.PairAsync(Connection, "4915112345678", default));

        Assert.NotNull(created.Code!.Typed);
        Assert.Equal("4915112345678", _gateway.Instances[Name].Number);
    }

    [Fact]
    public void Connections_to_one_gateway_share_its_capacity()
    {
        Assert.Equal(_connector.GatewayOf(Connection), _connector.GatewayOf(TestConnections.ToGateway(_gateway.Address, key: "another")));
        Assert.NotEqual(_connector.GatewayOf(Connection), _connector.GatewayOf(TestConnections.ToGateway(new Uri("http://127.0.0.1:1"))));
    }

    [Fact]
    public async Task Words_are_not_cut_inside_a_character()
    {
        _gateway.AddInstance(Name);
        _gateway.Before = async (http, _, _) =>
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            await http.Response.WriteAsync($$"""{"message":"{{new string('a', 299)}}\ud83d\ude00 and so on, \ud83d"}""");
            return true;
        };

        var refused = Assert.IsType<SessionReading.Refused>(await _connector.ReadSessionAsync(Connection, identify: true, default));

        Assert.Equal($"{new string('a', 299)}…", refused.Reason);
    }
}
