namespace Channels.Storage.Tests.Inbox;

/// <summary>Traffic counts what waits in the thread pool, which the tests of a process share: these run while no others do.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneInTheProcess
{
    public const string Name = "alone in the process";
}
