namespace Orleans.Serialization;

/// <summary>A type tried to cross a grain call that Orleans could not serialise.</summary>
[GenerateSerializer]
public sealed class CodecNotFoundException(string message) : OrleansException(message);
