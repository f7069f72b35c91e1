using System.Collections.Immutable;

namespace Channels.Core.Agents;

/// <summary>An agent kind as people choose it.</summary>
/// <param name="Summary">What it answers with, in a sentence without a full stop.</param>
/// <param name="Settings">All its settings.</param>
public sealed record AgentDescription(string Summary, ImmutableArray<AgentSetting> Settings);

/// <summary>One setting of an agent kind.</summary>
/// <param name="Name">As in the channel's <c>agent</c>.</param>
/// <param name="Description">What it does, its bounds and its default.</param>
/// <param name="Required">Whether the agent cannot do without it.</param>
public sealed record AgentSetting(string Name, string Description, bool Required = false);
