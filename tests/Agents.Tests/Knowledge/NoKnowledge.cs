using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Core.Knowledge;

namespace Channels.Agents.Tests.Knowledge;

/// <summary>For agents that are not to look anything up: it fails when they do.</summary>
internal sealed class NoKnowledge : IKnowledge
{
    public Task<ImmutableArray<KnowledgePassage>> SearchAsync(TenantId tenant, KnowledgeQuery query, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("Nobody asked for knowledge.");
}
