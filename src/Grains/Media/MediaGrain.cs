using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Fairness;
using Channels.Core.Ids;
using Channels.Core.Media;
using Channels.Grains.Abstractions;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace Channels.Grains.Media;

/// <summary>Fetches files from an account's provider into the media store, one after the other, each until it is here or given up.</summary>
/// <remarks>
/// The row of a file was written with its message; a crash at any await finds it again. The store keeps the same content once, so that fetching twice does no harm.
/// One account at a time holds one file in memory; how many accounts do is bounded by <see cref="MediaGate"/>.
/// A conversation whose next answer waits for a file is told when it is here or given up; the sweep tells it when we could not.
/// </remarks>
internal sealed partial class MediaGrain : Grain, IMediaGrain
{
    private const int AtOnce = 20;

    private readonly IChannelDirectory _directory;
    private readonly IConnectorCatalog _connectors;
    private readonly IMediaFetches _fetches;
    private readonly IMediaStore _media;
    private readonly MediaGate _gate;
    private readonly TimeProvider _clock;
    private readonly ILogger<MediaGrain> _logger;
    private readonly Pump _pump;
    private readonly Alarm _alarm;

    public MediaGrain(
        IChannelDirectory directory, IConnectorCatalog connectors, IMediaFetches fetches, IMediaStore media, MediaGate gate, TimeProvider clock, ILogger<MediaGrain> logger)
    {
        _directory = directory;
        _connectors = connectors;
        _fetches = fetches;
        _media = media;
        _gate = gate;
        _clock = clock;
        _logger = logger;
        _pump = new Pump(FetchAsync, () => $"account {Account}", clock, logger);
        _alarm = new Alarm(this, _pump);
    }

    private AccountId Account => new(this.GetPrimaryKey());

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _pump.StopAsync();

    /// <inheritdoc/>
    public Task WakeAsync()
    {
        _pump.Signal();
        return Task.CompletedTask;
    }

    private async Task FetchAsync(CancellationToken cancellationToken)
    {
        if (await _directory.FindAsync(Account, cancellationToken) is not { } channel || _connectors.Find(channel.Kind) is not IMediaFetch connector)
        {
            // What belongs to a deleted channel stays with its message as it is.
            return;
        }

        var (due, next) = await _fetches.LoadAsync(channel.Tenant, Account, _clock.GetUtcNow(), AtOnce, cancellationToken);
        foreach (var fetch in due)
        {
            await FetchAsync(channel, connector, fetch, cancellationToken);
        }

        if (due.Length > 0)
        {
            _pump.Signal();
        }
        else if (next is { } at)
        {
            _alarm.Set(at - _clock.GetUtcNow());
        }
    }

    private async Task FetchAsync(ChannelEntry channel, IMediaFetch connector, MediaFetch fetch, CancellationToken cancellationToken)
    {
        ConversationId? waiting;
        using (await _gate.EnterAsync(channel.Tenant, cancellationToken))
        {
            waiting = await FetchInPlaceAsync(channel, connector, fetch, cancellationToken);
        }

        // Without a place: a conversation whose silo died keeps who calls it waiting.
        if (waiting is { } conversation)
        {
            await TellAsync(new ConversationRef(channel.Tenant, Account, conversation));
        }
    }

    // Answers which conversation has waited for it, if any.
    private async Task<ConversationId?> FetchInPlaceAsync(ChannelEntry channel, IMediaFetch connector, MediaFetch fetch, CancellationToken cancellationToken)
    {
        // Before the download: there would be no place for what it brings.
        if (_media.FindTrouble() is { } trouble)
        {
            return await PostponeAsync(channel, fetch, MediaPatience.OfOurs, trouble.What, attempted: false, cancellationToken);
        }

        using var attempt = new MediaAttempt(_clock, _logger);
        switch (await attempt.RunAsync(connector, channel.Connection, fetch.Media, cancellationToken))
        {
            case MediaFetchOutcome.Fetched fetched:
                return await KeepAsync(channel, fetch, fetched, attempt.Bytes, cancellationToken);
            case MediaFetchOutcome.Gone gone:
                Log.Gone(_logger, fetch.Message, fetch.Attempts + 1);
                return await SettleAsync(channel, fetch, new MediaSettlement(null, null, null, null, gone.Reason), cancellationToken);
            case MediaFetchOutcome.TryLater later:
                var (givenUp, wait) = MediaPatience.After(fetch, later, _clock.GetUtcNow() - IdSource.TimeOf(fetch.Message.Value));
                if (givenUp is null)
                {
                    return await PostponeAsync(channel, fetch, wait, later.Reason, attempted: true, cancellationToken);
                }

                Log.Gone(_logger, fetch.Message, fetch.Attempts + 1);
                return await SettleAsync(channel, fetch, givenUp, cancellationToken);
            default:
                throw new InvalidOperationException("An outcome of a download that does not exist.");
        }
    }

    private async Task<ConversationId?> KeepAsync(
        ChannelEntry channel, MediaFetch fetch, MediaFetchOutcome.Fetched fetched, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        string reference;
        try
        {
            reference = await _media.SaveAsync(channel.Tenant, content, cancellationToken);
        }
        catch (MediaUnavailableException full)
        {
            return await PostponeAsync(channel, fetch, MediaPatience.OfOurs, full.Message, attempted: false, cancellationToken);
        }

        return await SettleAsync(channel, fetch, new MediaSettlement(reference, fetched.Mime, fetched.FileName, content.Length, null), cancellationToken);
    }

    private async Task<ConversationId?> PostponeAsync(ChannelEntry channel, MediaFetch fetch, TimeSpan wait, string reason, bool attempted, CancellationToken cancellationToken)
    {
        await _fetches.PostponeAsync(channel.Tenant, Account, fetch.Message, _clock.GetUtcNow() + wait, reason, attempted, cancellationToken);
        return null;
    }

    // Its turn is in its table, and no longer marked as waiting.
    private async Task TellAsync(ConversationRef conversation)
    {
        try
        {
            await GrainFactory.GetGrain<IConversationGrain>(conversation.Conversation.Value).EnqueueAsync(conversation, [], complete: false);
        }
        catch (Exception failure)
        {
            Log.NotTold(_logger, conversation.Conversation, failure.GetType().Name);
        }
    }

    private Task<ConversationId?> SettleAsync(ChannelEntry channel, MediaFetch fetch, MediaSettlement settlement, CancellationToken cancellationToken) =>
        _fetches.SettleAsync(channel.Tenant, Account, fetch.Message, settlement, cancellationToken);

    private static partial class Log
    {
        [LoggerMessage(4601, LogLevel.Information, "The file of message {Message} was given up after {Attempts} attempts")]
        public static partial void Gone(ILogger logger, MessageId message, int attempts);

        [LoggerMessage(4603, LogLevel.Information, "Conversation {Conversation} did not hear of its file ({Failure}); the sweep will tell it")]
        public static partial void NotTold(ILogger logger, ConversationId conversation, string failure);
    }
}

/// <summary>How many files one process holds in memory at once, whatever waits: by tenant in turn, and no tenant takes more places than it leaves free, because a gateway that hangs keeps its place for a while.</summary>
internal sealed class MediaGate
{
    private const int Places = 8;
    private readonly FairGate _places = new(Places) { LeavesRoom = true };

    /// <summary>Waits for a place; dispose of it to give it back.</summary>
    public ValueTask<FairGate.Place> EnterAsync(TenantId tenant, CancellationToken cancellationToken) => _places.EnterAsync(tenant, cancellationToken);
}
