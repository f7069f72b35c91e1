namespace Orleans.Runtime;

/// <summary>Which exceptions reach a caller as they were thrown.</summary>
/// <remarks>
/// Here nothing is serialised and every exception could pass. It must not: on Orleans only those do that it can serialise,
/// and a catch clause that works in one build has to work in the other.
/// </remarks>
internal static class CrossingExceptions
{
    private static readonly string[] KnownNamespaces = ["System", "Microsoft", "Azure"];
    private static readonly ConcurrentDictionary<Type, bool> Known = new();

    public static Exception Translate(Exception thrown)
    {
        for (var exception = thrown; exception is not null; exception = exception.InnerException)
        {
            if (!Known.GetOrAdd(exception.GetType(), MayCross))
            {
                return new CodecNotFoundException(
                    $"Could not find a codec for type {exception.GetType()}: an exception that leaves a grain needs [GenerateSerializer].");
            }
        }

        return thrown;
    }

    private static bool MayCross(Type type) =>
        type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false)
        || KnownNamespaces.Any(known => type.Namespace?.StartsWith(known, StringComparison.Ordinal) is true);
}
