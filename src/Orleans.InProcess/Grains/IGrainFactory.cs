namespace Orleans;

/// <summary>Makes references to grains. Costs no I/O: a grain is activated by its first call, not by its reference.</summary>
public interface IGrainFactory
{
    /// <summary>A reference by Guid key. Just one class may implement the interface.</summary>
    TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey)
        where TGrainInterface : IGrainWithGuidKey;

    /// <summary>A reference by numeric key.</summary>
    TGrainInterface GetGrain<TGrainInterface>(long primaryKey)
        where TGrainInterface : IGrainWithIntegerKey;

    /// <summary>A reference by string key.</summary>
    TGrainInterface GetGrain<TGrainInterface>(string primaryKey)
        where TGrainInterface : IGrainWithStringKey;

    /// <summary>A reference by identity.</summary>
    TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
        where TGrainInterface : IAddressable;
}

/// <summary>The grain factory for code outside grains.</summary>
public interface IClusterClient : IGrainFactory;
