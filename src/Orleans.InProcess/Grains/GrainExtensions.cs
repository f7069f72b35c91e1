namespace Orleans;

/// <summary>The identity behind a grain or a reference.</summary>
public static class GrainExtensions
{
    /// <summary>The identity of a grain, from the inside or through a reference.</summary>
    public static GrainId GetGrainId(this IAddressable grain) => grain switch
    {
        GrainReference reference => reference.GrainId,
        IGrainBase inside => inside.GrainContext.GrainId,
        _ => throw new ArgumentException($"{grain.GetType()} is neither a grain nor a reference to one.", nameof(grain)),
    };

    /// <summary>The key of a grain with a <see cref="Guid"/> key.</summary>
    public static Guid GetPrimaryKey(this IAddressable grain) => GrainKeys.TryParseGuid(GetPrimaryKeyString(grain), out var key, out _)
        ? key
        : throw new ArgumentException($"The key of '{grain.GetGrainId()}' is not a Guid.", nameof(grain));

    /// <summary>The key of a grain with a numeric key.</summary>
    public static long GetPrimaryKeyLong(this IAddressable grain) => GrainKeys.TryParseInteger(GetPrimaryKeyString(grain), out var key, out _)
        ? key
        : throw new ArgumentException($"The key of '{grain.GetGrainId()}' is not a number.", nameof(grain));

    /// <summary>The key of a grain with a string key.</summary>
    public static string GetPrimaryKeyString(this IAddressable grain) => grain.GetGrainId().KeyText;
}
