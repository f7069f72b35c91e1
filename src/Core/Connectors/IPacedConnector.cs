namespace Channels.Core.Connectors;

/// <summary>Implemented by kinds whose provider counts what each chat gets, besides what the account sends.</summary>
public interface IPacedConnector : IConnector
{
    /// <summary>How fast one chat may be written to. Asked before every send: no I/O, no throwing on any chat id.</summary>
    ChatPace PaceOf(string chatId);
}

/// <summary>A sustained rate and what may come at once.</summary>
/// <param name="PerSecond">Messages a second, in the long run.</param>
/// <param name="Burst">Messages at once after a pause; at least 1.</param>
public readonly record struct ChatPace(double PerSecond, double Burst);
