using Channels.Api.Errors;

namespace Channels.Api.Requests;

/// <summary>A handler's parameter that was read from the request and may be refused. <see cref="RefuseUnreadable"/> answers before the handler runs.</summary>
internal interface IChecked
{
    /// <summary>What is wrong with it; null when nothing is.</summary>
    Problem? Problem { get; }
}
