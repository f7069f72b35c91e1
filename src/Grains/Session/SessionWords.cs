namespace Channels.Grains.Session;

/// <summary>Why a session is not working, as programs read it.</summary>
internal static class SessionWords
{
    public const string NeedsPairing = "needs-pairing";
    public const string PairingExpired = "pairing-expired";
    public const string Starting = "starting";
    public const string Reconnecting = "reconnecting";
    public const string LoggedOut = "logged-out";
    public const string WrongNumber = "wrong-number";
    public const string Removed = "removed";
    public const string ActionRequired = "action-required";
    public const string SwitchedOff = "switched-off";
    public const string Unconfirmed = "webhook-unconfirmed";
    public const string Unreachable = "provider-unreachable";
}
