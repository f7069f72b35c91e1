using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Intake;
using Channels.Grains.Abstractions;
using Channels.Grains.Intake;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Channels.Grains.Tests.Intake;

/// <summary>What is wrong with an account, said so that a crash after any step leaves nothing said for ever.</summary>
public sealed class IntakeNewsTests : IIntakeStore, IChannelDirectory
{
    private static readonly TenantId Tenant = new(new Guid(1, 0, 0, new byte[8]));
    private static readonly AccountId Account = new(new Guid(2, 0, 0, new byte[8]));
    private static readonly IntakeVerdict Ailing = IntakeVerdict.Of(new HealthReading.Ailing("quality-low", "r", "n"), failures: 0)!;
    private static readonly IntakeVerdict Broken = IntakeVerdict.Of(new HealthReading.Broken("unauthorized", "r", "n"), failures: 0)!;
    private static readonly IntakeVerdict Well = IntakeVerdict.Of(new HealthReading.Well(), failures: 0)!;
    private readonly List<string> _steps = [];
    private readonly ManualClock _clock = new();
    private AccountIntake _written;
    private (AccountStatus Status, string? Code) _shown = (AccountStatus.Active, null);
    private string? _blockedBy;
    private Action _whileSaved = () => { };
    private Exception? _sayFails;
    private bool _isSaidAllTheSame;

    public IntakeNewsTests() => _written = new AccountIntake(null, _clock.GetUtcNow(), null, 0);

    [Fact]
    public async Task What_is_wrong_is_written_down_with_since_when_before_it_is_said()
    {
        var told = await LookAsync(Ailing);

        Assert.Equal(["write quality-low", "say quality-low"], _steps);
        Assert.Equal(("quality-low", _clock.GetUtcNow()), (_written.Code, _written.CodeSince));
        Assert.Equal(_written, told);
    }

    [Fact]
    public async Task Since_when_stays_while_it_is_said_again()
    {
        var since = _clock.GetUtcNow();
        await LookAsync(Ailing);
        _clock.Advance(TimeSpan.FromHours(1));

        var told = await LookAsync(Ailing);

        Assert.Equal(["write quality-low", "say quality-low", "say quality-low"], _steps);
        Assert.Equal(since, told.CodeSince);
    }

    [Fact]
    public async Task What_is_over_is_crossed_out_only_after_it_was_taken_back()
    {
        await LookAsync(Ailing);
        _steps.Clear();

        var told = await LookAsync(Well);

        Assert.Equal(["say well"], _steps);
        Assert.Equal((null, null), (told.Code, told.CodeSince));
        Assert.Equal("quality-low", _written.Code);
    }

    [Fact]
    public async Task What_was_said_before_a_crash_is_taken_back_by_the_next_look()
    {
        // Said, as the store has it, and nothing of the look was kept after it.
        (_sayFails, _isSaidAllTheSame) = (new InvalidOperationException("no answer"), true);
        await Assert.ThrowsAsync<InvalidOperationException>(() => LookAsync(Ailing));
        _sayFails = null;
        _steps.Clear();

        await LookAsync(Well);

        Assert.Equal(["say well"], _steps);
        Assert.Equal((AccountStatus.Active, null), _shown);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_two_troubles_that_follow_each_other_neither_is_left_standing_by_a_crash_between(bool isSaid)
    {
        _written = await LookAsync(Broken);
        (_sayFails, _isSaidAllTheSame) = (new InvalidOperationException("no answer"), isSaid);
        await Assert.ThrowsAsync<InvalidOperationException>(() => LookAsync(Ailing));
        Assert.Equal(isSaid ? (AccountStatus.Active, "quality-low") : (AccountStatus.Error, "unauthorized"), _shown);
        Assert.Equal(("quality-low", "unauthorized"), (_written.Code, _written.CodeBefore));

        _sayFails = null;
        var told = await LookAsync(Well);

        Assert.Equal((AccountStatus.Active, null), _shown);
        Assert.Equal((null, null), (told.Code, told.CodeBefore));
    }

    [Fact]
    public async Task Of_three_in_a_row_that_could_not_be_said_the_one_people_read_is_not_forgotten()
    {
        _written = await LookAsync(Broken);
        _sayFails = new InvalidOperationException("no answer");
        await Assert.ThrowsAsync<InvalidOperationException>(() => LookAsync(Ailing));
        await Assert.ThrowsAsync<InvalidOperationException>(() => LookAsync(IntakeVerdict.Of(new HealthReading.Ailing("throttled", "r", "n"), failures: 0)!));
        Assert.Equal(("throttled", "unauthorized"), (_written.Code, _written.CodeBefore));

        _sayFails = null;
        await LookAsync(Well);

        Assert.Equal((AccountStatus.Active, null), _shown);
    }

    [Fact]
    public async Task What_others_said_of_an_account_in_error_is_theirs_to_take_back()
    {
        _written = await LookAsync(Ailing);
        _shown = (AccountStatus.Error, "banned");

        Assert.Equal(_written, await LookAsync(Well));

        Assert.Equal((AccountStatus.Error, "banned"), _shown);
    }

    [Theory]
    [InlineData("unauthorized")]
    [InlineData("provider-unreachable")]
    public async Task What_a_reply_or_an_activation_met_of_a_trouble_is_over_with_it(string code)
    {
        _written = await LookAsync(Broken);
        _blockedBy = code;
        _steps.Clear();

        await LookAsync(Broken);
        Assert.Equal(["say unauthorized"], _steps);
        await LookAsync(Well);

        Assert.Equal(["say unauthorized", "heal", "say well"], _steps);
    }

    [Fact]
    public async Task An_activation_that_met_a_silent_provider_is_over_with_the_trouble_it_was_to_mend()
    {
        _written = await LookAsync(Broken);
        (_shown, _blockedBy) = ((AccountStatus.Error, "provider-unreachable"), "provider-unreachable");
        _steps.Clear();

        var told = await LookAsync(Well);

        Assert.Equal(["heal", "say well"], _steps);
        Assert.Equal((AccountStatus.Active, null), _shown);
        Assert.Null(told.Code);
    }

    [Fact]
    public async Task What_a_connector_has_of_its_own_is_not_ended()
    {
        _written = await LookAsync(Broken);
        _blockedBy = "account-restricted";

        await LookAsync(Well);

        Assert.DoesNotContain("heal", _steps);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_an_intake_that_is_stopped_or_started_anew_meanwhile_nothing_is_said(bool isStarted)
    {
        var row = await RowAsync();
        var owner = Task.CompletedTask;
        _whileSaved = () => owner = row.KeepAsync(Tenant, Account, row.Now!.Untroubled with { DueAt = isStarted ? _clock.GetUtcNow() : null });

        // It may have been said for all that the next look can know: ending it then does no harm.
        var told = await NewsOf(row).TellAsync(Channel(), row.Now!, Ailing, default);
        await owner;

        Assert.DoesNotContain(_steps, step => step.StartsWith("say", StringComparison.Ordinal));
        Assert.Equal("quality-low", told.Code);
        Assert.Null(_written.Code);
    }

    Task<AccountIntake?> IIntakeStore.LoadAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => Task.FromResult<AccountIntake?>(_written);

    Task<UpdateGap> IIntakeStore.ReadGapAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task IIntakeStore.SaveAsync(TenantId tenant, AccountId account, AccountIntake intake, CancellationToken cancellationToken)
    {
        _steps.Add($"write {intake.Code}");
        _written = intake;
        var meanwhile = _whileSaved;
        _whileSaved = () => { };
        meanwhile();
        return Task.CompletedTask;
    }

    ValueTask<ChannelEntry?> IChannelDirectory.FindAsync(AccountId account, CancellationToken cancellationToken) => ValueTask.FromResult<ChannelEntry?>(Channel());

    void IChannelDirectory.Forget(AccountId account)
    {
    }

    // As another process would: it knows what is written, and nothing else.
    private async Task<AccountIntake> LookAsync(IntakeVerdict verdict)
    {
        var row = await RowAsync();
        return await NewsOf(row).TellAsync(Channel(), row.Now!, verdict, default);
    }

    private async Task<IntakeRow> RowAsync()
    {
        var row = new IntakeRow(this);
        await row.LoadAsync(Tenant, Account, default);
        return row;
    }

    private IntakeNews NewsOf(IntakeRow row) => new(row, this, SayAsync, HealAsync, _clock, NullLogger.Instance);

    private Task HealAsync(ChannelEntry channel)
    {
        _steps.Add("heal");
        _blockedBy = null;
        return Task.CompletedTask;
    }

    private Task SayAsync(AccountStatusChange change, CancellationToken cancellationToken)
    {
        _steps.Add($"say {change.Code ?? "well"}");
        _shown = _sayFails is null || _isSaidAllTheSame ? (change.Status, change.Code) : _shown;
        return _sayFails is { } failure ? Task.FromException(failure) : Task.CompletedTask;
    }

    private ChannelEntry Channel() => new(
        Tenant, new ConnectorId(Tenant.Value), Account, "fake", _blockedBy is null ? ConnectorStatus.Active : ConnectorStatus.Error, _shown.Status, null,
        new Connection(Tenant, Account, "447700900100", default, "webhook-secret-0123456789", new Uri("http://127.0.0.1:1/")), AgentSettings.None, ChannelPolicy.Default, false)
    {
        StatusCode = _shown.Code,
        ConnectorCode = _blockedBy,
    };
}
