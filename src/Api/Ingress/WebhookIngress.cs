using System.Collections.Immutable;
using System.Diagnostics;
using Channels.Api.Errors;
using Channels.Api.Requests;
using Channels.Core;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Core.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Channels.Api.Ingress;

/// <summary>The door every provider's webhook comes through.</summary>
/// <remarks>
/// Message path, step 1 of 6. Next: <see cref="IInbox"/>, which commits it before the provider gets its 200.
/// Works alone: channels come from a cache over Postgres, and no grain is asked. It says 401 or 404 only when it knows;
/// where it cannot know it says 503, because providers repeat that and nothing else.
/// Hot: no filters, no binding, answers made beforehand, nothing logged when all is well.
/// </remarks>
internal sealed partial class WebhookIngress(
    IChannelDirectory channels, IConnectorCatalog connectors, GlobalWebhooks globals, SharedWebhooks shared, WebhookHandshakes handshakes, GlobalWebhookSecret globalSecret,
    IInbox inbox, IUnroutedWebhooks unrouted, BodyRoom room, IdSource ids, TimeProvider clock, IngressInstruments instruments, ILogger<WebhookIngress> logger)
{
    /// <summary>The largest webhook; the largest a provider is known to send is a history of 3 MB.</summary>
    public const int Limit = 4 << 20;

    /// <summary>Meta puts at most a thousand updates into one webhook. Each account that is named is looked up, before anything is proven: nobody gets more look-ups for one request.</summary>
    private const int MostAccounts = 1_000;

    private const int LongestPath = 1024;

    /// <summary>For a body that is not here with its headers: its room is everybody's, and nothing is proven yet.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // Said of every webhook, an hour without the store would be millions of lines.
    private static readonly TimeSpan _betweenLines = TimeSpan.FromSeconds(10);
    private readonly RepeatedLine _storeAway = new(clock, _betweenLines);
    private readonly RepeatedLine _full = new(clock, _betweenLines);
    private readonly RepeatedLine _unrouted = new(clock, _betweenLines);

    /// <summary>Answers a webhook that came to a channel's own address.</summary>
    public Task AcceptAsync(HttpContext http) => AnswerAsync(http, DecideAsync);

    /// <summary>Answers a webhook that came to the address for all channels of a kind.</summary>
    public Task AcceptForAnyAsync(HttpContext http) => AnswerAsync(http, DecideForAnyAsync);

    /// <summary>Answers a provider that asks whether a channel's own address is ours.</summary>
    public Task ShakeHandsAsync(HttpContext http) => AnswerAsync(http, (request, kind, _) => handshakes.AnswerAsync(request, kind));

    /// <summary>Answers a provider that asks whether the address for all channels of a kind is ours.</summary>
    public Task ShakeHandsForAnyAsync(HttpContext http) => AnswerAsync(http, (request, kind, _) => handshakes.AnswerForAnyAsync(request, kind));

    private async Task AnswerAsync(HttpContext http, Func<HttpContext, string, BodyRoom.Place, ValueTask<IngressAnswer>> decide)
    {
        var started = Stopwatch.GetTimestamp();
        var kind = (string)http.Request.RouteValues["kind"]!;
        IngressAnswer answer;
        using var place = room.Enter();
        try
        {
            answer = await decide(http, kind, place);
        }
        catch (StoreUnavailableException failure)
        {
            if (_storeAway.IsDue(out var leftOut))
            {
                Log.StoreAway(logger, kind, failure.InnerException?.GetType().Name, leftOut);
            }

            answer = IngressAnswer.StoreUnavailable;
        }
        catch (InboxFullException)
        {
            if (_full.IsDue(out var leftOut))
            {
                Log.Full(logger, kind, leftOut);
            }

            answer = IngressAnswer.InboxFull;
        }
        catch (BadHttpRequestException failure)
        {
            answer = IngressAnswer.For(ErrorCatalogue.ForStatus(failure.StatusCode));
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            // The provider hung up, most likely. If anybody still listens, it must not be to the 200 that silence would become.
            answer = IngressAnswer.StoreUnavailable;
        }
        catch (Exception failure)
        {
            Log.Failed(logger, failure, kind);
            answer = IngressAnswer.InternalError;
        }

        await answer.WriteAsync(http.Response);
        instruments.Answered(answer.KnowsKind ? kind : "unknown", answer.Outcome, started);
    }

    private async ValueTask<IngressAnswer> DecideAsync(HttpContext http, string kind, BodyRoom.Place place)
    {
        if (connectors.Find(kind) is not { } connector
            || !Guid.TryParse((string?)http.Request.RouteValues["channel_id"], out var id)
            || await channels.FindAsync(new AccountId(id), CancellationToken.None).InTimeAsync(clock) is not { } channel
            || channel.Kind != kind)
        {
            return IngressAnswer.NotFound;
        }

        var path = PathOf(http);
        if (path.Length > LongestPath)
        {
            return IngressAnswer.NotFound;
        }

        // All of it before the proof: signatures are made over the body.
        if (await BoundedBody.ReadAsync(http, Limit, place.TryGrowTo, (Patience, clock)) is not { } body)
        {
            return IngressAnswer.TooLarge;
        }

        var now = clock.GetUtcNow();
        var request = RequestOf(http, path, body);
        if (!channel.IsProvenBy(connector, request, now))
        {
            Log.NotAuthentic(logger, channel.Account);
            return IngressAnswer.Unauthenticated;
        }

        var stored = connector is ISharedWebhookConnector sharing
            ? await KeepSharedAsync(sharing, request, sharing.PartsOf(body), channel, now)
            : await KeepAsync(channel, path, body, now);
        return stored == IngressAnswer.Stored && connector is IWebhookAnswer answering && answering.AnswerTo(body) is { } said ? IngressAnswer.StoredSaying(said) : stored;
    }

    private async ValueTask<IngressAnswer> DecideForAnyAsync(HttpContext http, string kind, BodyRoom.Place place)
    {
        var path = PathOf(http);
        if (connectors.Find(kind) is not (IGlobalWebhookConnector or ISharedWebhookConnector) || path.Length > LongestPath)
        {
            return IngressAnswer.NotFound;
        }

        if (await BoundedBody.ReadAsync(http, Limit, place.TryGrowTo, (Patience, clock)) is not { } body)
        {
            return IngressAnswer.TooLarge;
        }

        return connectors.Find(kind) switch
        {
            ISharedWebhookConnector sharing => await DecideSharedAsync(sharing, RequestOf(http, path, body)),
            IGlobalWebhookConnector connector => await DecideNamedAsync(connector, RequestOf(http, path, body), body),
            _ => IngressAnswer.NotFound,
        };
    }

    // Nobody named: nobody could prove it, and the same body would name nobody the next time either.
    private async ValueTask<IngressAnswer> DecideSharedAsync(ISharedWebhookConnector connector, WebhookRequest request) =>
        connector.PartsOf(request.Body) is var parts && parts.Any(part => part.Account.IsNamed)
            ? await KeepSharedAsync(connector, request, parts, at: null, clock.GetUtcNow())
            : IngressAnswer.Unnamed("entry");

    private async ValueTask<IngressAnswer> DecideNamedAsync(IGlobalWebhookConnector connector, WebhookRequest request, byte[] body)
    {
        // Nothing is acknowledged, and nothing is lost that a repetition would bring: the same body names nobody the next time either.
        if (connector.NameIn(body) is not { } name)
        {
            return IngressAnswer.Unnamed(connector.NamedIn);
        }

        var now = clock.GetUtcNow();
        switch (await globals.FindAsync(connector, name, request, now).InTimeAsync(clock))
        {
            case GlobalWebhookOwner.One { Channel: var channel }:
                return await KeepAsync(channel, request.Path, body, now);
            case GlobalWebhookOwner.Several { Channel: var first, Count: var count }:
                Log.Ambiguous(logger, connector.Manifest.Id, count, first.Account);
                return IngressAnswer.Ambiguous;
            default:
                Log.GlobalNotAuthentic(logger, connector.Manifest.Id);
                return IngressAnswer.Unauthenticated;
        }
    }

    // One acknowledgement for all parts: while one is not committed, the provider sends everything again, and what it repeats is known.
    private async ValueTask<IngressAnswer> KeepSharedAsync(
        ISharedWebhookConnector connector, WebhookRequest request, ImmutableArray<WebhookPart> parts, ChannelEntry? at, DateTimeOffset now)
    {
        if (parts.Length > MostAccounts)
        {
            return IngressAnswer.TooLarge;
        }

        if (await shared.RouteAsync(connector, request, parts, at, now).InTimeAsync(clock) is not { } routing)
        {
            Log.GlobalNotAuthentic(logger, connector.Manifest.Id);
            return IngressAnswer.Unauthenticated;
        }

        var path = Scrub.Clean(request.Path);
        var kept = new List<Task>(routing.Routes.Length);
        var nobodys = new List<UnroutedWebhook>();
        foreach (var (part, owners, reason) in routing.Routes)
        {
            var body = part.Body();
            foreach (var owner in owners)
            {
                kept.Add(inbox.AppendAsync(new(owner.Tenant, owner.Account, new WebhookId(ids.Next()), now, path, body), CancellationToken.None));
            }

            if (owners.IsEmpty)
            {
                if (_unrouted.IsDue(out var leftOut))
                {
                    Log.Unrouted(logger, connector.Manifest.Id, part.Account.Setting, part.Account.Value, reason, leftOut);
                }

                nobodys.Add(new(connector.Manifest.Id, part.Account, reason ?? "no channel has it", now, connector.ProofOf(body, request, routing.Proven), body));
            }
        }

        await Task.WhenAll(kept);

        // One after the other: each is a transaction of its own, and one webhook must not take all connections from everybody else.
        foreach (var webhook in nobodys)
        {
            await unrouted.AppendAsync(webhook, CancellationToken.None);
        }

        return IngressAnswer.Stored;
    }

    // Whatever the content: what cannot be read is parked behind the inbox. No token: once we have all of it, the provider's patience is no reason to drop it.
    private async ValueTask<IngressAnswer> KeepAsync(ChannelEntry channel, string path, byte[] body, DateTimeOffset now)
    {
        var kept = Scrub.Clean(WithoutSecrets(path, channel));
        await inbox.AppendAsync(new(channel.Tenant, channel.Account, new WebhookId(ids.Next()), now, kept, body), CancellationToken.None);
        return IngressAnswer.Stored;
    }

    // A secret in the path has done its work; what is stored is shown to the tenant, and the operator's secret is not his.
    private string WithoutSecrets(string path, ChannelEntry channel) =>
        path.Length == 0 ? path
        : string.Join('/', path.Split('/').Where(part => part != channel.Connection.WebhookSecret && !channel.FormerWebhookSecrets.Any(former => former.Secret == part) && !globalSecret.Is(part)));

    private static string PathOf(HttpContext http) => (string?)http.Request.RouteValues["rest"] ?? "";

    private static WebhookRequest RequestOf(HttpContext http, string path, byte[] body) => new(
        path, http.Request.QueryString.Value is { Length: > 1 } raw ? raw[1..] : "", new HeaderLookup(http.Request.Headers).Find, body);

    private sealed class HeaderLookup(IHeaderDictionary headers)
    {
        public string? Find(string name) => headers.TryGetValue(name, out var values) && values.Count > 0 ? values.ToString() : null;
    }

    private static partial class Log
    {
        [LoggerMessage(1001, LogLevel.Warning, "A webhook of kind {Kind} got 503: the store does not answer ({Problem}). {LeftOut} more got one since this was last said")]
        public static partial void StoreAway(ILogger logger, string kind, string? problem, long leftOut);

        [LoggerMessage(1002, LogLevel.Warning, "A webhook of kind {Kind} got 503: too many are waiting to be stored. {LeftOut} more got one since this was last said")]
        public static partial void Full(ILogger logger, string kind, long leftOut);

        [LoggerMessage(1003, LogLevel.Information, "A webhook for channel {Account} got 401: it does not prove where it comes from")]
        public static partial void NotAuthentic(ILogger logger, AccountId account);

        [LoggerMessage(1005, LogLevel.Information, "A webhook for any channel of kind {Kind} got 401: no channel of the name it bears has the secret it shows")]
        public static partial void GlobalNotAuthentic(ILogger logger, string kind);

        [LoggerMessage(1006, LogLevel.Warning, "A webhook for any channel of kind {Kind} got 409: {Count} channels fit its name and secret, the oldest is {Account}. Their own addresses tell them apart")]
        public static partial void Ambiguous(ILogger logger, string kind, int count, AccountId account);

        [LoggerMessage(1007, LogLevel.Warning, "A part of a webhook of kind {Kind} belongs to no channel ({Setting} {Value}: {Reason}); it is kept for the operator under unrouted webhooks. {LeftOut} more did not since this was last said")]
        public static partial void Unrouted(ILogger logger, string kind, string setting, string value, string? reason, long leftOut);

        [LoggerMessage(1004, LogLevel.Error, "A webhook of kind {Kind} got 500")]
        public static partial void Failed(ILogger logger, Exception failure, string kind);
    }
}
