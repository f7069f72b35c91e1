using System.Collections.Immutable;
using System.Text.Json;
using Channels.Api.Channels;
using Channels.Api.Errors;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Storage.Channels;

namespace Channels.Api.Kinds;

/// <summary>Says everything that is wrong with a kind's settings: by its schema, and on demand by asking its provider.</summary>
internal sealed class SettingsCheck(IConnectorCatalog connectors, ChannelStore channels, IChannelDirectory directory, IdSource ids, PublicAddress address, TimeProvider clock)
{
    private const string Prefix = "config.";

    /// <summary>A form waits for the answer, and so does a script.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Checks what somebody wrote; a problem when it cannot even be told what it is for.</summary>
    public async Task<(ValidationAnswer? Answer, Problem? Problem)> ValidateAsync(TenantId tenant, ValidateSettings request, CancellationToken cancellationToken)
    {
        if (connectors.Find(request.ChannelType) is not { } connector)
        {
            var known = string.Join(", ", connectors.All.Select(kind => kind.Manifest.Id).Order(StringComparer.Ordinal));
            return (null, Problem.Field(ErrorCatalogue.InvalidFields, "channel_type", $"is no channel kind; known are: {known}."));
        }

        KeptSettings? kept = null;
        if (request.ChannelId is { } id)
        {
            await using var edit = await channels.EditAsync(tenant, new AccountId(id), cancellationToken);
            if (edit is null)
            {
                return (null, Problem.NotFound);
            }

            if (edit.Channel.Kind != request.ChannelType)
            {
                return (null, Problem.Field(ErrorCatalogue.InvalidFields, "channel_type", $"is not this channel's: it is of kind {edit.Channel.Kind}."));
            }

            kept = new KeptSettings(edit.Channel.Settings, edit.Secrets.SettingsJson);
        }

        var wrong = new List<FieldComplaint>();
        var config = ConfigParts.Split(request.Config, wrong);
        var settings = SettingsParts.Read(connector.Manifest, config.Settings, kept, partial: kept is not null, wrong);
        if (wrong.Count > 0)
        {
            return (new(false, request.ChannelType, [.. wrong.Select(Plain)], CheckedConnection: false, Found: null), null);
        }

        if (request.CheckConnection != true || connector is not IConnectionCheck check)
        {
            return (new(true, request.ChannelType, [], CheckedConnection: false, Found: null), null);
        }

        var account = new AccountId(request.ChannelId ?? ids.Next());
        var connection = new Connection(tenant, account, "", settings.Whole(), ChannelForm.NewSecret(), address.WebhookUrl(request.ChannelType, account));
        var said = await AskAsync(check, connection, cancellationToken);
        return (new(said.Complaints.IsEmpty, request.ChannelType, [.. said.Complaints.Select(Plain)], CheckedConnection: true, said.Found), null);
    }

    /// <summary>Asks a channel's provider with the settings it has; null when its kind cannot be asked.</summary>
    public async Task<ConnectionCheck?> AskAsync(TenantId tenant, ChannelDetails channel, CancellationToken cancellationToken) =>
        connectors.Find(channel.Kind) is IConnectionCheck check && await directory.FindAsync(channel.Account, cancellationToken) is { } entry && entry.Tenant == tenant
            ? await AskAsync(check, entry.Connection, cancellationToken)
            : null;

    /// <summary>As it is shown.</summary>
    public static ComplaintAnswer Plain(SettingsComplaint complaint) => new(complaint.Field, complaint.Rule, complaint.Message, complaint.Remedy);

    private static ComplaintAnswer Plain(FieldComplaint complaint) => new(
        complaint.Field.StartsWith(Prefix, StringComparison.Ordinal) ? complaint.Field[Prefix.Length..] : complaint.Field, complaint.Rule ?? "invalid",
        complaint.Remedy is { } remedy ? complaint.Message.Replace($"; {remedy}.", "", StringComparison.Ordinal) : complaint.Message, complaint.Remedy ?? "correct it");

    private async Task<ConnectionCheck> AskAsync(IConnectionCheck check, Connection connection, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await check.CheckAsync(connection, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ConnectionCheck.Unreachable("base_url", $"no answer within {Patience.TotalSeconds:0} s");
        }
    }
}
