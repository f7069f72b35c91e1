namespace Channels.Core.Egress;

/// <summary>Tells an answer that cannot be unpacked (gzip, deflate) from a mistake of ours: the clients here unpack by themselves.</summary>
public static class PackedAnswer
{
    /// <summary>Whether it is what .NET's decoders throw at an answer that is not packed as its header says. There was an answer, so that the request has arrived.</summary>
    public static bool IsDamaged(Exception failure) => failure is InvalidDataException;
}
