using Channels.Core.Fairness;
using Channels.Core.Ids;

namespace Channels.Grains.Delivery;

/// <summary>One account's way to a place for a stored file: see <see cref="OutboundFiles"/>.</summary>
/// <remarks>
/// The place is waited for before the attempt is begun and before the reply takes any of the account's sends at once: a wait is no attempt, and the texts of other conversations leave
/// meanwhile. One place is asked for at a time, so that an account with a thousand files stands in the queue once. Used on its grain's scheduler only.
/// </remarks>
/// <param name="files">Has the places.</param>
/// <param name="came">Told when a place came that was waited for.</param>
/// <param name="stopping">Cancelled when the grain goes.</param>
internal sealed class FileTurn(OutboundFiles files, Action came, CancellationToken stopping)
{
    private ConversationId _asker;
    private FairGate.Place? _place;

    /// <summary>Whether a place is waited for.</summary>
    public bool IsWaiting { get; private set; }

    /// <summary>Whose file the place is for that is here; null while none is. It goes first: an account that always has texts to send would never get round to it.</summary>
    public ConversationId? First => _place is null ? null : _asker;

    /// <summary>Whether a place is here. One is asked for where not.</summary>
    public bool IsHere(TenantId tenant, ConversationId conversation)
    {
        if (_place is null && !IsWaiting)
        {
            _asker = conversation;
            _ = AskAsync(tenant);
        }

        return _place is not null;
    }

    /// <summary>The place that is here, to be given back by disposing of it. Only after <see cref="IsHere"/>.</summary>
    public IDisposable Take()
    {
        var place = _place!.Value;
        _place = null;
        return place;
    }

    /// <summary>Gives the place back that is here, if one is: nobody needs it now. Who still needs one asks again.</summary>
    public void LetGo()
    {
        _place?.Dispose();
        _place = null;
    }

    private async Task AskAsync(TenantId tenant)
    {
        var entering = files.EnterAsync(tenant, stopping);
        IsWaiting = !entering.IsCompleted;
        try
        {
            var place = await entering;
            if (stopping.IsCancellationRequested)
            {
                place.Dispose();
                return;
            }

            _place = place;
            if (IsWaiting)
            {
                IsWaiting = false;
                came();
            }
        }
        catch (OperationCanceledException)
        {
            IsWaiting = false;
        }
    }
}
