namespace Orleans.Placement;

/// <summary>Where a silo calls a grain of this class that is not active anywhere, it becomes active on that silo. In one process there is nothing to choose.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class PreferLocalPlacementAttribute : Attribute;
