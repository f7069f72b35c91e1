namespace Channels.Storage.Secrets;

/// <summary>A key of the installation can be neither read nor made; the message says where it was looked for and what to do, never what it was.</summary>
public sealed class KeyException(string message, Exception? innerException = null) : InvalidOperationException(message, innerException);
