using Channels.Core.Ids;
using Channels.Core.Intake;

namespace Channels.Grains.Intake;

/// <summary>An account's intake as its grain holds it, and its row. Saves go one after the other, and each writes what holds by then.</summary>
/// <remarks>A save of the loop may be under way when the owner stops the intake: whichever the database took first, the row must not be due afterwards.</remarks>
internal sealed class IntakeRow(IIntakeStore store)
{
    private readonly OneAtATime _saves = new();

    // What the row says, as far as we know.
    private AccountIntake? _saved;

    /// <summary>As it holds now; null before <see cref="LoadAsync"/>.</summary>
    public AccountIntake? Now { get; private set; }

    /// <summary>Reads the row, the first time.</summary>
    public async Task LoadAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken)
    {
        if (Now is null)
        {
            var read = await store.LoadAsync(tenant, account, cancellationToken) ?? AccountIntake.None;

            // Whoever was faster may have changed it since.
            _saved ??= read;
            Now ??= read;
        }
    }

    /// <summary>Keeps what a look came to. Stopped meanwhile: then that counts. So does a look that somebody asked for meanwhile, or a start: it is not put off.</summary>
    /// <param name="tenant">The owner.</param>
    /// <param name="account">Whose.</param>
    /// <param name="found">As it was when the look began.</param>
    /// <param name="looked">As it is to be, and when the next look is due.</param>
    public Task EndLookAsync(TenantId tenant, AccountId account, AccountIntake found, AccountIntake looked) => Now switch
    {
        { DueAt: { } due } when due != found.DueAt && due < looked.DueAt => KeepAsync(tenant, account, looked with { DueAt = due }),
        { DueAt: not null } => KeepAsync(tenant, account, looked),
        _ => Task.CompletedTask,
    };

    /// <summary>Holds from now on, and is saved when this returns, or what came after it is. A save that failed leaves what was saved last, unless something came after it.</summary>
    public async Task KeepAsync(TenantId tenant, AccountId account, AccountIntake intake)
    {
        Now = intake;
        using (await _saves.EnterAsync(CancellationToken.None))
        {
            var latest = Now;
            try
            {
                await store.SaveAsync(tenant, account, latest, CancellationToken.None);
                _saved = latest;
            }
            catch
            {
                Now = ReferenceEquals(Now, latest) ? _saved : Now;
                throw;
            }
        }
    }
}
