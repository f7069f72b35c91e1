using System.Collections.Immutable;
using Channels.Core.Agents;
using Channels.Core;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Conversations;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Core.Media;
using Channels.Core.Transcript;
using Channels.Grains.Abstractions;
using Channels.Grains.Fairness;
using Channels.Grains.Routing;
using Channels.Grains.Session;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace Channels.Grains.Account;

/// <summary>Drains one account's inbox: webhooks become events, events become rows of the transcript, and what is to be answered goes to its conversation.</summary>
/// <remarks>
/// Message path, steps 3 and 4 of 6. Previous: Storage/Inbox. Next: <see cref="Conversation.ConversationGrain"/>.
/// A crash at any await loses nothing: a webhook is forgotten in the transaction that records what it said, and a turn that no conversation heard of is in its table.
/// </remarks>
internal sealed partial class AccountGrain : Grain, IAccountGrain
{
    /// <summary>Conversations remembered to be in step; beyond it each looks into its table once more.</summary>
    private const int MostInStep = 10_000;

    private static readonly TimeSpan EchoTick = TimeSpan.FromSeconds(1);

    private readonly IChannelDirectory _directory;
    private readonly IConnectorCatalog _connectors;
    private readonly IAgentCatalog _agents;
    private readonly Inflow _inflow;
    private readonly ITranscript _transcript;
    private readonly IChannelStatuses _statuses;
    private readonly InlineFiles _files;
    private readonly IdSource _ids;
    private readonly TimeProvider _clock;
    private readonly Gates _gates;
    private readonly ILogger<AccountGrain> _logger;
    private readonly ChatBook _chats;
    private readonly HashSet<ConversationId> _inStep = [];
    private readonly Pump _drain;
    private IGrainTimer? _echoTimer;
    private int _timesHeld;

    public AccountGrain(
        IChannelDirectory directory, IConnectorCatalog connectors, IAgentCatalog agents, IAccountInbox inbox, IArrivals arrivals, ITranscript transcript, IChannelStatuses statuses,
        InlineFiles files, IdSource ids, TimeProvider clock, Gates gates, ILogger<AccountGrain> logger)
    {
        _directory = directory;
        _connectors = connectors;
        _agents = agents;
        _inflow = new Inflow(inbox, arrivals);
        _transcript = transcript;
        _statuses = statuses;
        _files = files;
        _ids = ids;
        _clock = clock;
        _gates = gates;
        _logger = logger;
        _chats = new ChatBook(transcript, ids);
        _drain = new Pump(DrainAsync, () => $"account {Account}", clock, logger);
    }

    private AccountId Account => new(this.GetPrimaryKey());

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // Echoes may have been held before a crash.
        WatchEchoes();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _drain.StopAsync();
        _inflow.Doubt(Account);
    }

    /// <inheritdoc/>
    public Task WakeAsync()
    {
        _inflow.Doubt(Account);
        return ArrivedAsync();
    }

    /// <inheritdoc/>
    public Task WatchEchoesAsync()
    {
        WatchEchoes();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task ArrivedAsync()
    {
        _drain.Signal();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task SettingsChangedAsync()
    {
        _directory.Forget(Account);
        _drain.Signal();
        await GrainFactory.GetGrain<IDeliveryGrain>(this.GetPrimaryKey()).WakeAsync();
    }

    /// <inheritdoc/>
    public async Task SetStatusAsync(AccountStatusChange change, CancellationToken cancellationToken)
    {
        if (await _statuses.ObserveAccountAsync(change.Tenant, Account, change.Status, change.Code, change.Reason, change.NextStep, cancellationToken))
        {
            AccountLog.StatusChanged(_logger, Account, change.Status, change.Code);
        }

        await SettingsChangedAsync();
    }

    /// <inheritdoc/>
    public async Task<ConversationId> OpenChatAsync(TenantId tenant, string chatId, string chatType, string? phone, CancellationToken cancellationToken)
    {
        // Past the book: what it knows may be in the middle of a drain's use.
        var resolved = await _transcript.ResolveAsync(tenant, Account, [new ChatSighting([chatId], chatType, null, phone, new ConversationId(_ids.Next()))], cancellationToken);
        return resolved[0].Conversation;
    }

    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        for (var mayBeMore = true; mayBeMore;)
        {
            if (await _directory.FindAsync(Account, cancellationToken) is not { } channel)
            {
                await _inflow.ParkRestAsync(Account, "the channel was deleted", cancellationToken);
                return;
            }

            // What is recorded is told to its conversations, whatever became of the rest; and without a place: a conversation whose silo died keeps who calls it waiting.
            var recorded = new RecordedWebhooks();
            try
            {
                using var place = await _gates.Drains.EnterAsync(channel.Tenant, cancellationToken);
                (var rows, mayBeMore) = await _inflow.NextAsync(channel.Tenant, Account, _gates.RowsAtOnce, cancellationToken);
                if (!rows.IsEmpty)
                {
                    await HandleInStepAsync(channel, rows, recorded, cancellationToken);
                }
            }
            finally
            {
                await LookAgainAsync(channel, recorded.Moved);
                await TellOfMovesAsync(recorded.Moved);
                await TakeOverAsync(channel, recorded.Takeovers);
                _inStep.ExceptWith(recorded.Changed);
                await HandOverAsync(channel, recorded.Turns);
                await TellOfEffectsAsync(channel, recorded);
                await TellOfFilesAsync(recorded);
            }
        }
    }

    // A step that failed may have been committed all the same: then its turns are in their table and no conversation heard of them.
    // Until each has looked there, none may take a later turn for its next.
    private async Task HandleInStepAsync(ChannelEntry channel, ImmutableArray<InboundWebhook> rows, RecordedWebhooks recorded, CancellationToken cancellationToken)
    {
        try
        {
            await HandleAsync(channel, rows, recorded, cancellationToken);
        }
        catch
        {
            _inStep.Clear();
            _chats.Forget();
            _inflow.Doubt(Account);

            // An echo may be held by now, and its webhook is not there to be read again.
            WatchEchoes();
            throw;
        }
    }

    private async Task HandleAsync(ChannelEntry channel, ImmutableArray<InboundWebhook> rows, RecordedWebhooks recorded, CancellationToken cancellationToken)
    {
        try
        {
            await RecordOrLearnAnewAsync(channel, rows, recorded, cancellationToken);
        }
        catch (BatchRefusedException refusal) when (rows.Length > 1)
        {
            AccountLog.OneByOne(_logger, Account, rows.Length, refusal.SqlState);
            await HandleOneByOneAsync(channel, rows, recorded, cancellationToken);
        }
        catch (MediaUnavailableException) when (rows.Length > 1)
        {
            // What came before the file is not held up by it; what came after may be its chat's, and waits with it.
            await HandleOneByOneAsync(channel, rows, recorded, cancellationToken);
        }
        catch (BatchRefusedException refusal)
        {
            AccountLog.Parked(_logger, Account, rows[0].Id, refusal.SqlState);
            var parked = new ParkedWebhook(rows[0].Id, $"the database refuses what it says ({refusal.SqlState})");
            await _transcript.RecordAsync(new AccountBatch(channel.Tenant, Account) { Parked = [parked] }, cancellationToken);
        }
    }

    private async Task HandleOneByOneAsync(ChannelEntry channel, ImmutableArray<InboundWebhook> rows, RecordedWebhooks recorded, CancellationToken cancellationToken)
    {
        foreach (var row in rows)
        {
            await HandleAsync(channel, [row], recorded, cancellationToken);
        }
    }

    private async Task RecordOrLearnAnewAsync(ChannelEntry channel, ImmutableArray<InboundWebhook> rows, RecordedWebhooks recorded, CancellationToken cancellationToken)
    {
        try
        {
            await RecordAsync(channel, rows, recorded, cancellationToken);
        }
        catch (BatchRefusedException refusal) when (refusal.SqlState == BatchRefusedException.NoSuchConversation)
        {
            // The store was put back behind what it had told us: a replica that lacked the last moments, or a dump.
            AccountLog.ConversationsLost(_logger, Account);
            _chats.Forget();
            await RecordAsync(channel, rows, recorded, cancellationToken);
        }
    }

    private async Task RecordAsync(ChannelEntry channel, ImmutableArray<InboundWebhook> rows, RecordedWebhooks recorded, CancellationToken cancellationToken)
    {
        var read = new List<(InboundWebhook Row, Normalised Said)>(rows.Length);
        foreach (var row in rows)
        {
            var said = Normalise(channel, row);
            read.Add((row, said is Normalised.Events happened ? new Normalised.Events(await _files.KeepAsync(channel.Tenant, happened.Items, cancellationToken)) : said));
        }

        var events = read.SelectMany(pair => pair.Said is Normalised.Events said ? said.Items : []).ToList();
        // A merge brings earlier turns, and perhaps a person who answers, to a conversation whose grain knows of neither: it must look before it answers.
        var outdated = await _chats.LearnAsync(channel.Tenant, Account, events, cancellationToken);
        _inStep.ExceptWith(outdated);
        recorded.Moved.UnionWith(outdated);
        var agent = _agents.Find(channel.Agent.Kind);
        var snapshot = new RoutingSnapshot(
            channel.Policy, agent is not null and not { Kind: "none" }, agent?.AcceptsMedia(channel.Agent) ?? false, _clock.GetUtcNow(),
            (agent as IWaitsForFiles)?.FileWait(channel.Agent) ?? TimeSpan.Zero);
        var connector = _connectors.Find(channel.Kind);

        // Who fetches confirms what it has: there is no telling what is missing from what came.
        var counts = connector is ISequencedUpdates && (connector as IPollingConnector)?.IsPolled(channel.Connection) != true;
        var sorting = new Sorting(
            channel.Tenant, Account, snapshot, _ids, _chats.Find, (connector as IMediaFetch) is { } fetching ? fetching.MustFetch : null,
            (connector as IThrottlingConnector) is { } throttling ? throttling.WishOf : null, counts ? ((ISequencedUpdates)connector!).NumberOf : null);
        foreach (var (row, said) in read)
        {
            switch (said)
            {
                case Normalised.Events happened:
                    sorting.Add(row.Id, row.ReceivedAt, happened.Items);
                    break;
                case Normalised.Unreadable unreadable:
                    AccountLog.Unreadable(_logger, Account, row.Id);
                    sorting.Park(row.Id, row.ReceivedAt, unreadable);
                    break;
            }
        }

        // Before the webhook is forgotten: a crash in between repeats the change, the other way round it would be lost and replies would wait for ever.
        await FollowConnectionAsync(channel, sorting.Connection, cancellationToken);
        var batch = sorting.ToBatch();
        batch = batch with { Contacts = _chats.Unwritten(batch.Contacts) };
        var result = await _transcript.RecordAsync(batch, cancellationToken);
        _chats.Written(batch.Contacts);
        if (result.EchoesHeld)
        {
            WatchEchoes();
        }

        recorded.HasFiles |= batch.Messages.Any(message => message.Fetch is not null);
        recorded.Changed.UnionWith(result.Outdated);
        recorded.Changed.UnionWith(batch.Resumptions.Select(one => one.Conversation).Concat(batch.Reach.Select(one => one.Conversation)));
        recorded.IsThrottled |= !batch.Throttles.IsEmpty;
        recorded.IsTrouble |= connector is IHealthWatch && (!batch.Throttles.IsEmpty || sorting.Connection.Count > 0);
        recorded.Takeovers.AddRange(result.Takeovers);
        recorded.Turns.AddRange(batch.Messages.Where(message => message.StartsTurn && result.New.Contains(message.Id) && !result.Outdated.Contains(message.Conversation)));
    }

    private Normalised Normalise(ChannelEntry channel, InboundWebhook row)
    {
        if (_connectors.Find(channel.Kind) is not { } connector)
        {
            return new Normalised.Unreadable($"this server knows no channel kind '{channel.Kind}'");
        }

        // A parser must not throw; if it does, the body waits for the mended parser and the ones behind it go on.
        return connector.Read(
            new WebhookBody(row.Body, row.Path, channel.Connection), crash => AccountLog.ParserCrashed(_logger, channel.Kind, row.Id, crash.GetType().Name, crash.StackTrace));
    }

    private async Task FollowConnectionAsync(
        ChannelEntry channel, List<(ChannelEvent Happened, DateTimeOffset ReceivedAt)> events, CancellationToken cancellationToken)
    {
        if (events.Count == 0)
        {
            return;
        }

        if (_connectors.Find(channel.Kind) is IPairingConnector)
        {
            var session = GrainFactory.GetGrain<IWhatsAppSessionGrain>(this.GetPrimaryKey());
            await session.ObserveAsync(channel.Tenant, [.. events.Select(one => SessionSigns.Of(one.Happened, one.ReceivedAt))]);
            return;
        }

        var (status, code) = (channel.Status, channel.StatusCode);
        AccountStatusChange? last = null;
        foreach (var (happened, _) in events)
        {
            if (ConnectionReading.Next(channel.Tenant, status, code, happened) is { } change)
            {
                last = change;
                (status, code) = (change.Status, change.Code);
            }
        }

        if (last is not null && (last.Status != channel.Status || last.Reason != channel.StatusReason))
        {
            await SetStatusAsync(last, cancellationToken);
        }
    }

    private void WatchEchoes()
    {
        _timesHeld++;
        _echoTimer ??= this.RegisterGrainTimer(LookForEchoesAsync, new GrainTimerCreationOptions { DueTime = EchoTick, Period = EchoTick, Interleave = true, KeepAlive = true });
    }

    private void StopWatchingEchoes()
    {
        _echoTimer?.Dispose();
        _echoTimer = null;
    }

    private async Task LookForEchoesAsync(CancellationToken cancellationToken)
    {
        try
        {
            await SettleEchoesAsync(cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            // Draining says so, now and then; this comes each second, from every account that watches.
        }
    }

    private async Task SettleEchoesAsync(CancellationToken cancellationToken)
    {
        if (await _directory.FindAsync(Account, cancellationToken) is not { } channel)
        {
            // Deleted: nobody waits for its echoes, and the timer would keep us in memory for good.
            StopWatchingEchoes();
            return;
        }

        var timesHeld = _timesHeld;
        EchoResult settled;
        try
        {
            settled = await _transcript.SettleEchoesAsync(channel.Tenant, Account, _clock.GetUtcNow(), channel.Policy.TakeoverPause, cancellationToken);
        }
        catch
        {
            // It may have been committed all the same: then a person has taken over, and no conversation heard of it. Each looks before its next turn.
            _inStep.Clear();
            throw;
        }

        // One that was held while we asked is not in the answer.
        if (!settled.StillHeld && timesHeld == _timesHeld)
        {
            StopWatchingEchoes();
        }

        await TakeOverAsync(channel, settled.Takeovers);
        if (settled.SettledSends)
        {
            await GrainFactory.GetGrain<IDeliveryGrain>(this.GetPrimaryKey()).WakeAsync();
        }
    }
}
