using System.Reflection;

namespace Channels.Connectors.Tests;

/// <summary>The contract of a kind that lies in this tree: one folder under <c>src/Connectors</c>.</summary>
public abstract class ConnectorContract : KindContract
{
    /// <summary>The kind's folder under <c>src/Connectors</c>.</summary>
    protected abstract string Folder { get; }

    /// <inheritdoc/>
    protected override Assembly Assembly => typeof(ConnectorServices).Assembly;

    /// <inheritdoc/>
    protected override string KindFolder => Path.Combine(Places.Root, "src", "Connectors", Folder);
}
