using Channels.Core.Agents;
using Channels.Core.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Channels.Api.Agents;

/// <summary>The agent kinds of this installation, with what a form needs to know of each.</summary>
internal static class AgentEndpoints
{
    public static void MapAgents(this IEndpointRouteBuilder app) =>
        app.MapApiGroup("/api/v1/agents", "Agents", Access.Access.Anybody)
            .MapGet("/", List).WithName("ListAgents").WithSummary("Every agent kind with its settings, as a channel's agent takes them");

    private static Ok<AgentList> List(IAgentCatalog agents) => TypedResults.Ok(new AgentList([.. agents.All.OrderBy(agent => agent.Kind, StringComparer.Ordinal).Select(AgentAnswer.Of)]));
}

/// <summary>An agent kind.</summary>
internal sealed record AgentAnswer(string Kind, string Summary, IReadOnlyList<AgentSettingAnswer> Settings)
{
    public static AgentAnswer Of(IAgent agent) => new(
        agent.Kind, agent.Description.Summary,
        [.. agent.Description.Settings.Select(setting => new AgentSettingAnswer(setting.Name, setting.Description, setting.Required, SecretNames.IsSecret(setting.Name)))]);
}

/// <summary>One of its settings. A secret is sealed and never shown again.</summary>
internal sealed record AgentSettingAnswer(string Name, string Description, bool Required, bool Secret);

/// <summary>All agent kinds.</summary>
internal sealed record AgentList(IReadOnlyList<AgentAnswer> Agents);
