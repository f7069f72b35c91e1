namespace Orleans.Runtime;

/// <summary>Finds the class that implements an interface and makes references to its grains.</summary>
internal sealed class GrainFactory(GrainCatalog catalog) : IClusterClient
{
    private readonly ConcurrentDictionary<Type, string> _names = new();

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey)
        where TGrainInterface : IGrainWithGuidKey => Refer<TGrainInterface>(GrainKeys.Of(primaryKey));

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey)
        where TGrainInterface : IGrainWithIntegerKey => Refer<TGrainInterface>(GrainKeys.Of(primaryKey));

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey)
        where TGrainInterface : IGrainWithStringKey
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(primaryKey);
        return Refer<TGrainInterface>(primaryKey);
    }

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
        where TGrainInterface : IAddressable =>
        (TGrainInterface)(IAddressable)GrainInterface.Of(typeof(TGrainInterface)).Refer(catalog, grainId);

    private TGrainInterface Refer<TGrainInterface>(string key)
        where TGrainInterface : IAddressable =>
        GetGrain<TGrainInterface>(GrainId.Create(_names.GetOrAdd(typeof(TGrainInterface), NameOfClass), key));

    private string NameOfClass(Type wanted) => catalog.Classes.Where(candidate => candidate.Type.IsAssignableTo(wanted)).ToList() switch
    {
        [var only] => only.Name,
        [] => throw new ArgumentException($"No grain class implements {wanted}."),
        var several => throw new ArgumentException($"Several grain classes implement {wanted}: {string.Join(", ", several.Select(one => one.Type))}."),
    };
}
