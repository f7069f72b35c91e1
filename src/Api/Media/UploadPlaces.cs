using Channels.Api.Errors;
using Channels.Core.Ids;

namespace Channels.Api.Media;

/// <summary>How many files one process takes at once: each is in memory until it is kept. Who finds no place is told so at once, before a byte of the body is read.</summary>
internal sealed class UploadPlaces
{
    /// <summary>A quarter of a gigabyte, when all are as large as they may be.</summary>
    public const int Most = 8;

    /// <summary>So that one tenant's slow uploads leave room for everybody else's.</summary>
    public const int MostOfATenant = 4;

    private readonly Lock _gate = new();
    private readonly Dictionary<TenantId, int> _held = [];
    private int _taken;

    /// <summary>A place, to be given back by disposing of it; or null and what to answer.</summary>
    public (Place? Place, Problem? Problem) TryEnter(TenantId tenant)
    {
        lock (_gate)
        {
            if (_held.GetValueOrDefault(tenant) is var held && held >= MostOfATenant)
            {
                return (null, new Problem(ErrorCatalogue.TooManyUploads));
            }

            if (_taken >= Most)
            {
                return (null, new Problem(ErrorCatalogue.UploadsFull));
            }

            _held[tenant] = held + 1;
            _taken++;
            return (new Place(this, tenant), null);
        }
    }

    private void Leave(TenantId tenant)
    {
        lock (_gate)
        {
            _taken--;
            if (--_held[tenant] == 0)
            {
                _held.Remove(tenant);
            }
        }
    }

    /// <summary>Room for one file.</summary>
    internal sealed class Place(UploadPlaces places, TenantId tenant) : IDisposable
    {
        public void Dispose() => places.Leave(tenant);
    }
}
