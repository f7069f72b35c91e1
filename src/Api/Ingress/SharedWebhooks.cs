using System.Collections.Immutable;
using System.Security.Cryptography;
using Channels.Core;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Storage.Channels;

namespace Channels.Api.Ingress;

/// <summary>Finds whose each part of a webhook is that may be about many accounts: the channels that a part names, whose own secret proves the whole.</summary>
/// <remarks>
/// No tenant ever gets what is another's: a number that channels of two tenants claim is nobody's until the operator has settled it. The one exception
/// is the channel whose own address Meta was told: what names it is its own.
/// </remarks>
internal sealed class SharedWebhooks(ChannelNames names, IChannelDirectory channels)
{
    /// <summary>Looks for the owners of all parts.</summary>
    /// <param name="connector">The kind.</param>
    /// <param name="request">The webhook, or a part that proves itself.</param>
    /// <param name="parts">Whom it is about.</param>
    /// <param name="at">The channel whose own address it came to, proven already; null at the address for all.</param>
    /// <param name="now">The time.</param>
    /// <returns>Null when no channel's secret proves it.</returns>
    /// <exception cref="StoreUnavailableException">The store cannot say now whose every part is, or whether any channel proves it: the provider is to send all of it again.</exception>
    public async ValueTask<SharedWebhookRouting?> RouteAsync(
        ISharedWebhookConnector connector, WebhookRequest request, ImmutableArray<WebhookPart> parts, ChannelEntry? at, DateTimeOffset now)
    {
        var proofs = new Dictionary<string, bool>(StringComparer.Ordinal);
        var routes = ImmutableArray.CreateBuilder<SharedWebhookRoute>(parts.Length);
        var proven = at;
        StoreUnavailableException? sealedUp = null;
        foreach (var part in parts)
        {
            if (at is not null && IsOwn(part.Account, at))
            {
                routes.Add(new(part, [at], null));
                continue;
            }

            var (fitting, reason) = await FindAsync(part.Account);
            if (at is not null && part.Account.Is(at.Connection))
            {
                // Its own address was told: its tenant's channels have it, whoever else claims the same.
                routes.Add(new(part, [at, .. fitting.Where(channel => channel.Tenant == at.Tenant && channel.Account != at.Account)], null));
                continue;
            }

            proven ??= fitting.FirstOrDefault();
            routes.Add(reason is null ? new(part, fitting, null) : new(part, [], reason));
        }

        return proven is not null ? new(routes.MoveToImmutable(), proven.Connection)
            : sealedUp is null ? null
            : throw sealedUp;

        async ValueTask<(ImmutableArray<ChannelEntry> Fitting, string? Reason)> FindAsync(WebhookAccount account)
        {
            var fitting = ImmutableArray.CreateBuilder<ChannelEntry>();
            var (named, isSealed) = (0, false);
            if (account.IsNamed)
            {
                foreach (var candidate in await names.FindAsync(new(connector.Manifest.Id, account.Setting, account.Value), CancellationToken.None))
                {
                    try
                    {
                        // The directory is told of changes at once; who was renamed or deleted a moment ago does not count any more.
                        if (await channels.FindAsync(candidate, CancellationToken.None) is { } channel && channel.Kind == connector.Manifest.Id && account.Is(channel.Connection))
                        {
                            named++;
                            if (IsProven(channel.Connection))
                            {
                                fitting.Add(channel);
                            }
                        }
                    }
                    catch (StoreUnavailableException failure) when (failure.InnerException is CryptographicException)
                    {
                        // One channel whose secrets may never be opened again is no reason to turn away what is for others, again and again. What passes is: the
                        // provider repeats what it got no 200 for, and nobody comes for what was put aside with one.
                        sealedUp = failure;
                        isSealed = true;
                    }
                }
            }

            var tenants = fitting.Select(channel => channel.Tenant).Distinct().Count();
            return (fitting.ToImmutable(), (fitting.Count, tenants) switch
            {
                _ when isSealed => "the secrets of the channel that has it cannot be opened",
                (0, _) => named == 0 ? "no channel has it" : "the channel that has it has another app secret",
                (_, > 1) => "channels of several tenants have it",
                ( > 1, _) when !account.Several => "several channels have it",
                _ => null,
            });
        }

        bool IsProven(Connection connection)
        {
            var group = connector.ProofGroupOf(connection);
            if (!proofs.TryGetValue(group, out var isProven))
            {
                isProven = connector.IsAuthentic(request, connection, now);
                proofs[group] = isProven;
            }

            return isProven;
        }
    }

    // What names nobody, and the account as a whole where the channel does not say which it belongs to, is the channel's whose address was told.
    private static bool IsOwn(WebhookAccount account, ChannelEntry at) =>
        account.Several ? at.Connection.Setting(account.Setting) is null : !account.IsNamed || account.Is(at.Connection);
}

/// <summary>Where each part goes.</summary>
/// <param name="Routes">One for each part.</param>
/// <param name="Proven">A connection whose secret proves the whole.</param>
internal sealed record SharedWebhookRouting(ImmutableArray<SharedWebhookRoute> Routes, Connection Proven)
{
    /// <summary>Says nothing of the connection's secrets.</summary>
    public override string ToString() => $"{Routes.Length} parts";
}

/// <summary>Where a part goes.</summary>
/// <param name="Part">The part.</param>
/// <param name="Owners">The channels it is for; none when it is nobody's.</param>
/// <param name="Reason">Why it is nobody's.</param>
internal sealed record SharedWebhookRoute(WebhookPart Part, ImmutableArray<ChannelEntry> Owners, string? Reason);
