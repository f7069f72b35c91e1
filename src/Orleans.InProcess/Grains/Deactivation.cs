namespace Orleans;

/// <summary>Why an activation goes, in one word. The numbers are Orleans', whose other reasons only happen in a cluster.</summary>
[GenerateSerializer]
public enum DeactivationReasonCode : byte
{
    None = 0,
    ShuttingDown = 1,
    ActivationIdle = 4,
    ApplicationError = 8,
    ApplicationRequested = 9,
}

/// <summary>Why an activation goes, in a sentence.</summary>
public readonly struct DeactivationReason(DeactivationReasonCode code, Exception? exception, string text)
{
    public DeactivationReason(DeactivationReasonCode code, string text)
        : this(code, null, text)
    {
    }

    public DeactivationReasonCode ReasonCode => code;

    public string Description => text;

    public Exception? Exception => exception;

    public override string ToString() => $"{code}: {text}";
}
