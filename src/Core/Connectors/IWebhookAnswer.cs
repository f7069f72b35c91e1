namespace Channels.Core.Connectors;

/// <summary>Implemented by kinds whose provider reads the answer to a webhook.</summary>
public interface IWebhookAnswer : IConnector
{
    /// <summary>
    /// The JSON to answer with once the body is stored; null for the usual. Called for every stored webhook: pure, no throwing on any bytes, and next to no work for most.
    /// A courtesy only: the same body may be stored without anybody reading the answer.
    /// </summary>
    byte[]? AnswerTo(ReadOnlyMemory<byte> body);
}
