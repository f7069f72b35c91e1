using System.Collections.Concurrent;

namespace Orleans.Runtime;

/// <summary>Finds the class that implements an interface and makes references to its grains.</summary>
internal sealed class GrainFactory(GrainCatalog catalog) : IClusterClient
{
    private readonly ConcurrentDictionary<(Type Interface, string? Prefix), string> _names = new();

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithGuidKey => Refer<TGrainInterface>(GrainKeys.Of(primaryKey), grainClassNamePrefix);

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerKey => Refer<TGrainInterface>(GrainKeys.Of(primaryKey), grainClassNamePrefix);

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(primaryKey);
        return Refer<TGrainInterface>(primaryKey, grainClassNamePrefix);
    }

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
        where TGrainInterface : IAddressable => (TGrainInterface)(IAddressable)Refer(typeof(TGrainInterface), grainId);

    public GrainReference Refer(Type type, GrainId id) => GrainInterface.Of(type).Refer(catalog, id);

    private TGrainInterface Refer<TGrainInterface>(string key, string? prefix)
        where TGrainInterface : IAddressable
    {
        var name = _names.GetOrAdd((typeof(TGrainInterface), prefix), NameOfClass);
        return (TGrainInterface)(IAddressable)Refer(typeof(TGrainInterface), GrainId.Create(name, key));
    }

    private string NameOfClass((Type Interface, string? Prefix) wanted)
    {
        var candidates = catalog.Classes
            .Where(candidate => candidate.Interfaces.Contains(wanted.Interface))
            .Where(candidate => wanted.Prefix is null || candidate.Type.FullName!.StartsWith(wanted.Prefix, StringComparison.Ordinal))
            .ToList();
        return candidates switch
        {
            [var only] => only.Name,
            [] => throw new ArgumentException($"No grain class implements {wanted.Interface}."),
            _ => candidates.Find(candidate => candidate.Type.FullName == wanted.Prefix)?.Name ?? throw new ArgumentException(
                $"Several grain classes implement {wanted.Interface}: {string.Join(", ", candidates.Select(candidate => candidate.Type.FullName))}."),
        };
    }
}
