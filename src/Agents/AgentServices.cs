using Channels.Agents.Http;
using Channels.Agents.Knowledge;
using Channels.Agents.OpenAi;
using Channels.Core.Agents;
using Channels.Core.Egress;
using Channels.Core.Knowledge;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Agents;

/// <summary>Registers every agent kind.</summary>
public static class AgentServices
{
    /// <summary>Needs <see cref="EgressRules"/> (<c>AddEgressRules</c>): tenants' agents are reached through a guarded client. And <see cref="IKnowledge"/>: their documents.</summary>
    public static IServiceCollection AddAgents(this IServiceCollection services)
    {
        services.AddGuardedHttpClient(HttpAgent.Client).ConfigureHttpClient(client => client.Timeout = Timeout.InfiniteTimeSpan);
        services.AddGuardedHttpClient(OpenAiAgent.Client)
            .ConfigureHttpClient(client => client.Timeout = Timeout.InfiniteTimeSpan)
            .AddHttpMessageHandler(() => new OpenAiAnswerLimit());
        services.AddSingleton<ServiceCall>();
        services.AddSingleton<IAgent, NoAgent>();
        services.AddSingleton<IAgent, EchoAgent>();
        services.AddSingleton<IAgent, HttpAgent>();
        services.AddSingleton<IAgent, OpenAiAgent>();
        services.AddSingleton<IAgent, KnowledgeAgent>();
        services.AddSingleton<IAgentCatalog, AgentCatalog>();
        return services;
    }
}
