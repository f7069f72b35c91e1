namespace Orleans.Runtime;

/// <summary>Something that can be called by its <see cref="GrainId"/>.</summary>
public interface IAddressable;

/// <summary>One activation, as the grain inside it sees it.</summary>
public interface IGrainContext
{
    GrainId GrainId { get; }
}
