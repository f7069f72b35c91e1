namespace Orleans.Runtime;

/// <summary>What <see cref="IGrainFactory"/> hands out: implements the grain interface and sends each call to the grain's mailbox.</summary>
/// <remarks>Remembers the activation it last reached; when that is gone, the catalog knows its successor.</remarks>
#pragma warning disable CA1852 // DispatchProxy derives from it at run time.
internal class GrainReference : DispatchProxy, IAddressable, IEquatable<GrainReference>
#pragma warning restore CA1852
{
    private GrainInterface _interface = null!;
    private Activation? _lastReached;

    public GrainCatalog Catalog { get; private set; } = null!;

    public GrainId GrainId { get; private set; }

    public GrainReference Clone(GrainInterface type, GrainCatalog catalog, GrainId id)
    {
        // Cheaper than making a proxy each time: references are made per call more often than kept.
        var clone = (GrainReference)MemberwiseClone();
        (clone._interface, clone.Catalog, clone.GrainId) = (type, catalog, id);
        return clone;
    }

    public void Post(Request request)
    {
        if (_lastReached is not { } activation || !activation.TryPost(request))
        {
            _lastReached = Catalog.Post(GrainId, request);
        }
    }

    public bool Equals(GrainReference? other) => other is not null && other.GrainId == GrainId && other._interface == _interface;

    public override bool Equals(object? obj) => Equals(obj as GrainReference);

    public override int GetHashCode() => GrainId.GetHashCode();

    public override string ToString() => $"reference to {GrainId}";

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        _interface.MethodOf(targetMethod!).Send(this, args ?? []);
}
