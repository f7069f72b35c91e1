namespace Orleans.Storage;

/// <summary>Someone else wrote the record since it was read. A grain that lets it escape is deactivated.</summary>
[GenerateSerializer]
public class InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag) : OrleansException(errorMsg)
{
    [Id(1)]
    public string? StoredEtag { get; } = storedEtag;

    [Id(2)]
    public string? CurrentEtag { get; } = currentEtag;

    internal bool IsSourceActivation { get; set; } = true;
}
