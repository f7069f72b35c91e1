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
    private static readonly IntakeVerdict Well = IntakeVerdict.Of(new HealthReading.Well(), failures: 0)!;
    private readonly List<string> _steps = [];
    private readonly ManualClock _clock = new();
    private AccountIntake _written;
    private Action _whileSaved = () => { };
    private Exception? _sayFails;

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
        _sayFails = new InvalidOperationException("no answer");
        await Assert.ThrowsAsync<InvalidOperationException>(() => LookAsync(Ailing));
        _sayFails = null;
        _steps.Clear();

        await LookAsync(Well);

        Assert.Equal(["say well"], _steps);
    }

    [Fact]
    public async Task Of_an_intake_that_is_stopped_meanwhile_nothing_is_said()
    {
        var row = await RowAsync();
        _whileSaved = () => _ = row.KeepAsync(Tenant, Account, row.Now! with { DueAt = null });

        var told = await NewsOf(row).TellAsync(Channel(), row.Now!, Ailing, default);

        Assert.DoesNotContain(_steps, step => step.StartsWith("say", StringComparison.Ordinal));
        Assert.Null(told.Code);
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

    private IntakeNews NewsOf(IntakeRow row) => new(row, this, SayAsync, _clock, NullLogger.Instance);

    private Task SayAsync(AccountStatusChange change, CancellationToken cancellationToken)
    {
        _steps.Add($"say {change.Code ?? "well"}");
        return _sayFails is { } failure ? Task.FromException(failure) : Task.CompletedTask;
    }

    private static ChannelEntry Channel() => new(
        Tenant, new ConnectorId(Tenant.Value), Account, "fake", ConnectorStatus.Active, AccountStatus.Active, null,
        new Connection(Tenant, Account, "447700900100", default, "webhook-secret-0123456789", new Uri("http://127.0.0.1:1/")), AgentSettings.None, ChannelPolicy.Default, false);
}
