using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Channels.Api.Errors;
using Channels.Api.Requests;
using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Storage.Channels;

namespace Channels.Api.Channels;

/// <summary>Makes a checked draft out of what a tenant sent, or says everything that is wrong with it at once.</summary>
/// <remarks>Pure but for a new webhook secret. A change is checked as the whole it would make, secrets included.</remarks>
internal sealed class ChannelForm(IConnectorCatalog connectors, IAgentCatalog agents)
{
    private const int ShortestSecret = 16;
    private const int LongestSecret = 256;

    /// <summary>What a new channel is to be.</summary>
    public FormReading Create(IReadBody<CreateChannel> body)
    {
        var request = body.Value;
        var complaints = new List<FieldComplaint>();
        var name = Name(request.Name, complaints);
        var connector = connectors.Find(request.ChannelType);
        if (connector is null)
        {
            var known = string.Join(", ", connectors.All.Select(kind => kind.Manifest.Id).Order(StringComparer.Ordinal));
            complaints.Add(new("channel_type", $"is no channel kind; known are: {known}."));
        }

        var config = ConfigParts.Split(request.Config, complaints);
        var settings = connector is null ? SettingsParts.None : SettingsParts.Read(connector.Manifest, config.Settings, kept: null, partial: false, complaints);
        var agent = new AgentForm(agents).Read(request.Agent, current: null, kept: null, complaints);
        var policy = new PolicyForm(_ => true, complaints).Read(config.Over(request), ChannelPolicy.Default);
        var secret = WebhookSecret(request.WebhookSecret, complaints) ?? NewSecret();
        var identity = Identity(request.Identity, complaints);
        return Reading(body.Misread, complaints, () => new ChannelDraft
        {
            Kind = request.ChannelType,
            Name = name,
            Identity = identity,
            OrgUnit = request.OrgUnitId,
            SettingsJson = settings.PublicJson,
            SecretsJson = settings.SecretJson,
            WebhookSecret = secret,
            AgentJson = agent.PublicJson,
            AgentSecretsJson = agent.SecretJson,
            Policy = policy,
            Claims = ChannelClaimsOf.Draft(connector!.Manifest, settings, identity),
        });
    }

    /// <summary>What a channel is to become.</summary>
    /// <param name="body">What was sent.</param>
    /// <param name="partial">Keep what was not sent (PATCH), or take its default (PUT). Secrets not sent are kept in both: nobody can read them back.</param>
    /// <param name="current">As it is.</param>
    public FormReading Change(IReadBody<ChangeChannel> body, bool partial, ChannelEdit current)
    {
        var request = body.Value;
        Func<string, bool> has = body.Has;
        var complaints = new List<FieldComplaint>();
        var channel = current.Channel;
        if (request.ChannelType is { } kind && kind != channel.Kind)
        {
            complaints.Add(new("channel_type", $"cannot change; this channel is of kind {channel.Kind}. Make another channel."));
        }

        if (connectors.Find(channel.Kind) is not { } connector)
        {
            return new FormReading.Refused([new("channel_type", "is no longer a channel kind of this installation.")]);
        }

        var name = partial && !has("name") ? channel.Name : Name(request.Name, complaints);
        var config = ConfigParts.Split(request.Config, complaints);
        var kept = new KeptSettings(channel.Settings, current.Secrets.SettingsJson);
        var settings = partial && !has("config")
            ? SettingsParts.Unchanged(kept)
            : SettingsParts.Read(connector.Manifest, config.Settings, kept, partial, complaints);
        var agent = partial && !has("agent")
            ? new AgentParts(channel.Agent.GetRawText(), current.Secrets.AgentJson)
            : new AgentForm(agents).Read(request.Agent, channel.Agent, current.Secrets.AgentJson, complaints);
        var policy = new PolicyForm(field => !partial || has(field) || config.Has(field), complaints)
            .Read(config.Over(request), partial ? channel.Policy : ChannelPolicy.Default);
        var secret = WebhookSecret(request.WebhookSecret, complaints) ?? current.Secrets.Webhook;
        var identity = request.Identity is null && (partial || !has("identity")) ? channel.Identity : Identity(request.Identity, complaints);
        return Reading(body.Misread, complaints, () => new ChannelDraft
        {
            Kind = channel.Kind,
            Name = name,
            Identity = identity,
            OrgUnit = partial && !has("org_unit_id") ? channel.OrgUnit : request.OrgUnitId,
            SettingsJson = settings.PublicJson,
            SecretsJson = settings.SecretJson,
            WebhookSecret = secret,
            AgentJson = agent.PublicJson,
            AgentSecretsJson = agent.SecretJson,
            Policy = policy,
            Claims = ChannelClaimsOf.Draft(connector.Manifest, settings, identity == channel.Account.ToString() ? null : identity),
        });
    }

    /// <summary>Checks a webhook secret; null when none was given.</summary>
    public static string? WebhookSecret(string? given, List<FieldComplaint> complaints)
    {
        if (given is null)
        {
            return null;
        }

        if (given.Length is < ShortestSecret or > LongestSecret)
        {
            complaints.Add(new("webhook_secret", $"needs {ShortestSecret} to {LongestSecret} characters; it has {given.Length}. Leave it out to have one made."));
        }
        else if (!given.All(letter => letter is > ' ' and < '\u007f'))
        {
            complaints.Add(new("webhook_secret", "must be visible ASCII characters without spaces: it travels in a header."));
        }

        return given;
    }

    /// <summary>A secret nobody guesses.</summary>
    public static string NewSecret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    // What could not be read was taken for left out: what that led to is not worth a second complaint.
    private static FormReading Reading(IReadOnlyList<FieldComplaint> misread, List<FieldComplaint> complaints, Func<ChannelDraft> draft)
    {
        var told = misread.Select(complaint => complaint.Field).ToHashSet(StringComparer.Ordinal);
        ImmutableArray<FieldComplaint> all = [.. misread, .. complaints.Where(complaint => !told.Contains(complaint.Field))];
        return all.Length > 0 ? new FormReading.Refused(all) : new FormReading.Accepted(draft());
    }

    private static string Name(string? given, List<FieldComplaint> complaints)
    {
        var name = given?.Trim() ?? "";
        if ((given is null ? new FieldComplaint("name", "is missing; give a text.") : Names.Complaint("name", name)) is { } complaint)
        {
            complaints.Add(complaint);
        }

        return name;
    }

    private static string? Identity(string? given, List<FieldComplaint> complaints)
    {
        var identity = given?.Trim();
        if (identity is not null && Names.Complaint("identity", identity) is { } complaint)
        {
            complaints.Add(complaint);
        }

        return identity;
    }
}

/// <summary>What came of reading a form. The family is closed.</summary>
internal abstract record FormReading
{
    private FormReading()
    {
    }

    /// <summary>It may be written.</summary>
    public sealed record Accepted(ChannelDraft Draft) : FormReading;

    /// <summary>Everything that is wrong with it.</summary>
    public sealed record Refused(ImmutableArray<FieldComplaint> Complaints) : FormReading;
}
