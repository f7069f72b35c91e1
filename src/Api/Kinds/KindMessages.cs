using System.Collections.Immutable;
using System.Text.Json;
using Channels.Core.Connectors;
using Channels.Storage.Channels;

namespace Channels.Api.Kinds;

/// <summary>A channel kind.</summary>
/// <param name="Id">What <c>channel_type</c> says.</param>
/// <param name="DisplayName">For people.</param>
/// <param name="Version">Of the connector.</param>
/// <param name="Network">The network behind it, which several kinds may reach.</param>
/// <param name="Transport"><c>webhook, polling</c> or <c>none</c>.</param>
/// <param name="Capabilities">What it can do, before a provider was asked.</param>
/// <param name="SettingsSchema">JSON Schema of <c>config</c>: <c>title</c> and <c>description</c> say what a setting is and where it is found, <c>x-remedy</c> what to do when it is wrong, <c>x-aliases</c> how else it may be spelled; <c>writeOnly</c> marks secrets.</param>
/// <param name="Limits">What its provider allows one account.</param>
/// <param name="RetryWindowSeconds">How long its provider goes on redelivering a webhook that was not acknowledged.</param>
/// <param name="Abilities">What can be done with its channels: <c>pair, check_connection, global_webhook, import_history, poll</c>.</param>
/// <param name="Status"><c>available</c>, or <c>disabled</c> where the tenant switched it off.</param>
/// <param name="Module">The assembly that brought it, where it is none of ours.</param>
/// <param name="Configuration">What the tenant does with it; null for the operator, who asked for no tenant.</param>
internal sealed record KindAnswer(
    string Id, string DisplayName, string Version, string Network, string Transport, IReadOnlyList<string> Capabilities, JsonElement SettingsSchema, KindLimits Limits,
    double RetryWindowSeconds, IReadOnlyList<string> Abilities, string Status, string? Module, KindConfiguration? Configuration)
{
    public static KindAnswer Of(IConnector kind, ImmutableArray<KindModule> modules, ImmutableDictionary<string, KindUse>? uses)
    {
        var manifest = kind.Manifest;
        var use = uses?.GetValueOrDefault(manifest.Id);
        return new(
            manifest.Id, manifest.DisplayName, manifest.Version, manifest.Network, manifest.Transport, manifest.Capabilities, manifest.SettingsSchema,
            new(manifest.Limits.TextLength, manifest.Limits.MessagesPerSecond, manifest.Limits.Concurrency), manifest.RetryWindow.TotalSeconds, [.. AbilitiesOf(kind)],
            use?.OffSince is null ? "available" : "disabled", modules.FirstOrDefault(module => module.Kinds.Contains(manifest.Id))?.File,
            uses is null ? null : new KindConfiguration(use?.OffSince is null, use?.OffSince, use?.Channels ?? 0, use?.Active ?? 0));
    }

    private static IEnumerable<string> AbilitiesOf(IConnector kind)
    {
        if (kind is IPairingConnector)
        {
            yield return "pair";
        }

        if (kind is IConnectionCheck)
        {
            yield return "check_connection";
        }

        if (kind is IGlobalWebhookConnector or ISharedWebhookConnector)
        {
            yield return "global_webhook";
        }

        if (kind is IHistoryConnector)
        {
            yield return "import_history";
        }

        if (kind is IPollingConnector)
        {
            yield return "poll";
        }
    }
}

/// <summary>What a tenant does with a channel kind.</summary>
/// <param name="Enabled">Whether channels of it can be made and activated.</param>
/// <param name="DisabledSince">Since when they cannot.</param>
/// <param name="Channels">Channels of this kind.</param>
/// <param name="ActiveChannels">Those that are active.</param>
internal sealed record KindConfiguration(bool Enabled, DateTimeOffset? DisabledSince, long Channels, long ActiveChannels);

/// <summary>What a provider allows one account; null for unlimited.</summary>
internal sealed record KindLimits(int TextLength, double? MessagesPerSecond, int Concurrency);

/// <summary>An assembly that is none of ours, named by the operator as holding kinds.</summary>
/// <param name="File">Its file's name.</param>
/// <param name="Version">Of the assembly, where it could be read.</param>
/// <param name="Kinds">The kinds it brought.</param>
/// <param name="Status"><c>loaded</c> or <c>faulty</c>.</param>
/// <param name="Fault">What is wrong, and what to do.</param>
internal sealed record KindModuleAnswer(string File, string? Version, IReadOnlyList<string> Kinds, string Status, string? Fault)
{
    public static KindModuleAnswer Of(KindModule module) => new(module.File, module.Version, module.Kinds, module.Fault is null ? "loaded" : "faulty", module.Fault);
}

/// <summary>All channel kinds.</summary>
internal sealed record KindList(IReadOnlyList<KindAnswer> Channels, IReadOnlyList<KindModuleAnswer> Modules);

/// <summary>Settings to be checked.</summary>
internal sealed record ValidateSettings
{
    /// <summary>The kind.</summary>
    public required string ChannelType { get; init; }

    /// <summary>The settings, as they would be given to a new channel.</summary>
    public JsonElement? Config { get; init; }

    /// <summary>Ask the provider as well.</summary>
    public bool? CheckConnection { get; init; }

    /// <summary>Check as a change of this channel.</summary>
    public Guid? ChannelId { get; init; }
}

/// <summary>What is wrong with settings.</summary>
/// <param name="Valid">Whether nothing is.</param>
/// <param name="ChannelType">The kind.</param>
/// <param name="Complaints">Everything that is wrong.</param>
/// <param name="CheckedConnection">Whether the provider was asked: only settings that are in order by themselves are tried.</param>
/// <param name="Found">What was found at the provider, for people.</param>
internal sealed record ValidationAnswer(bool Valid, string ChannelType, IReadOnlyList<ComplaintAnswer> Complaints, bool CheckedConnection, string? Found);

/// <summary>What is wrong with one setting.</summary>
/// <param name="Field">Its name, with dots for members.</param>
/// <param name="Rule">The rule's name for programs.</param>
/// <param name="Message">The rule in words. Never the value: it may be a secret.</param>
/// <param name="Remedy">What to do.</param>
internal sealed record ComplaintAnswer(string Field, string Rule, string Message, string Remedy);

/// <summary>Which kind to switch.</summary>
internal sealed record SwitchKind
{
    /// <summary>The kind.</summary>
    public required string ChannelType { get; init; }

    /// <summary>When switching off: also switch off the channels that run.</summary>
    public bool? DeactivateChannels { get; init; }
}

/// <summary>How a kind is switched now.</summary>
/// <param name="ChannelType">The kind.</param>
/// <param name="Enabled">Whether channels of it can be made and activated.</param>
/// <param name="Deactivated">Channels that were switched off with it.</param>
/// <param name="ActiveChannels">Channels that run.</param>
internal sealed record KindSwitchAnswer(string ChannelType, bool Enabled, int Deactivated, long ActiveChannels);
