namespace Orleans.Runtime;

/// <summary>The root of what the runtime itself throws.</summary>
[GenerateSerializer]
public class OrleansException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>A call was turned away before it reached its grain.</summary>
[GenerateSerializer]
public class OrleansMessageRejectionException : OrleansException
{
    internal OrleansMessageRejectionException(string message)
        : base(message)
    {
    }
}

/// <summary>The host stops: the call did not reach its grain.</summary>
[GenerateSerializer]
public sealed class SiloUnavailableException(string msg) : OrleansMessageRejectionException(msg);

/// <summary>A reminder could not be registered or unregistered.</summary>
[GenerateSerializer]
public sealed class ReminderException(string message) : OrleansException(message);
