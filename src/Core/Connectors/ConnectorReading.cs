using Channels.Core.Events;

namespace Channels.Core.Connectors;

/// <summary>Reads bodies with a kind's parser as if it might fail: what is stored and what is previewed must not differ.</summary>
public static class ConnectorReading
{
    /// <summary>As <see cref="IConnector.Normalise"/>; a parser that throws, which none must, makes the body unreadable.</summary>
    /// <param name="connector">The kind.</param>
    /// <param name="webhook">The body.</param>
    /// <param name="crashed">Is told what was thrown. Its message may hold a piece of the body: log its type and where it happened.</param>
    public static Normalised Read(this IConnector connector, WebhookBody webhook, Action<Exception> crashed)
    {
        try
        {
            return connector.Normalise(webhook);
        }
        catch (Exception crash)
        {
            // A cancellation as well: nobody can cancel a parser.
            crashed(crash);
            return new Normalised.Unreadable($"the parser of '{connector.Manifest.Id}' failed on it ({crash.GetType().Name})");
        }
    }
}
