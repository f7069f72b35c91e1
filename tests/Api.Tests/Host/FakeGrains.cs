using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using Channels.Core.Channels;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using Npgsql;
using Orleans;

namespace Channels.Api.Tests.Host;

/// <summary>Stands in for the silo: writes the few rows the API reads back, and remembers what it was asked.</summary>
internal sealed class FakeGrains(NpgsqlDataSource db)
{
    private readonly NpgsqlDataSource _db = db;

    public ConcurrentQueue<(ConversationRef Conversation, MessageId Message, OutboundDraft Draft)> Sent { get; } = new();

    /// <summary>Chats that were opened; the conversation opened has the account's id.</summary>
    public ConcurrentQueue<(AccountId Account, string ChatId, string ChatType, string? Phone)> Opened { get; } = new();

    public ConcurrentQueue<AccountId> Told { get; } = new();

    /// <summary>What happens while an account is told that its settings changed; null for nothing.</summary>
    public Func<AccountId, Task>? Telling { get; set; }

    /// <summary>Sessions that were told that their settings changed.</summary>
    public ConcurrentQueue<AccountId> Checked { get; } = new();

    public ConcurrentQueue<DateTimeOffset?> Pauses { get; } = new();

    /// <summary>What happens while a conversation is paused; null for nothing.</summary>
    public Func<ConversationRef, Task>? Pausing { get; set; }

    public ConcurrentQueue<(ConversationRef Conversation, MessageId Turn, LateReply Reply)> Replies { get; } = new();

    /// <summary>What late replies are answered with.</summary>
    public LateReplyVerdict Verdict { get; set; } = LateReplyVerdict.NotOpen;

    /// <summary>What happens while a late reply is taken, and its answer; null for <see cref="Verdict"/> alone.</summary>
    public Func<ConversationRef, Task<LateReplyVerdict>>? Replying { get; set; }

    /// <summary>What the next activations answer; null activates.</summary>
    public ActivationResult? Activation { get; set; }

    /// <summary>How every session stands.</summary>
    public PairingState? Pairing { get; set; } = new(AccountStatus.Active, SessionStatus.Working, DateTimeOffset.UnixEpoch, null, null, null, null, null, null);

    /// <summary>The phone numbers pairings were begun with.</summary>
    public ConcurrentQueue<string?> Numbers { get; } = new();

    /// <summary>What delivery says of the replies it is asked about; null says nothing.</summary>
    public Func<ConversationId, ImmutableArray<MessageId>, Task<ImmutableArray<ReplyWait>>>? Waits { get; set; }

    /// <summary>Accounts whose providers are asked for nothing any more.</summary>
    public ConcurrentQueue<AccountId> Stopped { get; } = new();

    /// <summary>Whether the latest switching off could have been given up half way.</summary>
    public bool MayGiveUp { get; private set; }

    /// <summary>What every call throws; null for none.</summary>
    public Exception? Failure { get; set; }

    public IGrainFactory Factory()
    {
        var factory = DispatchProxy.Create<IGrainFactory, FakeFactory>();
        ((FakeFactory)(object)factory).Grains = this;
        return factory;
    }

    private object Grain(Type type, Guid key) => type switch
    {
        _ when type == typeof(ITenantGrain) => new TenantGrain(this, key),
        _ when type == typeof(IAccountGrain) => new AccountGrain(this, key),
        _ when type == typeof(IWhatsAppSessionGrain) => new SessionGrain(this, key),
        _ when type == typeof(IConnectorGrain) => new ConnectorGrain(this),
        _ when type == typeof(IIntakeGrain) => new IntakeGrain(this, key),
        _ when type == typeof(IConversationGrain) => new ConversationGrain(this),
        _ when type == typeof(IDeliveryGrain) => new DeliveryGrain(this),
        _ => throw new NotSupportedException(type.Name),
    };

    private Task FailAsync() => Failure is null ? Task.CompletedTask : Task.FromException(Failure);

    private async Task SetStatusAsync(AccountId account, string accountStatus, string connectorStatus)
    {
        await using var command = _db.CreateCommand("""
            with c as (update connector set status = $3 where id = (select connector_id from account where id = $1))
            update account set status = $2, activated_at = now() where id = $1
            """);
        command.Parameters.Add(new() { Value = account.Value });
        command.Parameters.Add(new() { Value = accountStatus });
        command.Parameters.Add(new() { Value = connectorStatus });
        await command.ExecuteNonQueryAsync();
    }

    public class FakeFactory : DispatchProxy
    {
        internal FakeGrains Grains { get; set; } = null!;

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            targetMethod is { Name: "GetGrain", IsGenericMethod: true } && args?[0] is Guid key
                ? Grains.Grain(targetMethod.GetGenericArguments()[0], key)
                : throw new NotSupportedException(targetMethod?.Name);
    }

    private sealed class TenantGrain(FakeGrains grains, Guid key) : ITenantGrain
    {
        public async Task SetSuspendedAsync(bool suspended, string? reason, CancellationToken cancellationToken)
        {
            await grains.FailAsync();
            await Seed.RunAsync(
                grains._db, "update tenant set suspended_at = case when $2 then now() end, suspended_reason = nullif($3, '') where id = $1", key, suspended, reason ?? "");
        }
    }

    private sealed class AccountGrain(FakeGrains grains, Guid key) : IAccountGrain
    {
        public Task WakeAsync() => grains.FailAsync();

        public Task ArrivedAsync() => grains.FailAsync();

        public Task WatchEchoesAsync() => grains.FailAsync();

        public async Task SettingsChangedAsync()
        {
            grains.Told.Enqueue(new AccountId(key));
            await grains.FailAsync();
            await (grains.Telling?.Invoke(new AccountId(key)) ?? Task.CompletedTask);
        }

        public Task SetStatusAsync(AccountStatusChange change, CancellationToken cancellationToken) => grains.FailAsync();

        public async Task<ConversationId> OpenChatAsync(TenantId tenant, string chatId, string chatType, string? phone, CancellationToken cancellationToken)
        {
            await grains.FailAsync();
            grains.Opened.Enqueue((new AccountId(key), chatId, chatType, phone));
            return new ConversationId(key);
        }
    }

    private sealed class ConnectorGrain(FakeGrains grains) : IConnectorGrain
    {
        public async Task<ActivationResult> ActivateAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken)
        {
            await grains.FailAsync();
            if (grains.Activation is { } chosen)
            {
                return chosen;
            }

            await grains.SetStatusAsync(account, "active", "active");
            return new(true, AccountStatus.Active, TimeProvider.System.GetUtcNow(), null, null, null, null);
        }

        public Task ReportBlockedAsync(TenantId tenant, string code, string reason) => grains.FailAsync();

        public Task ReportHeldAsync(TenantId tenant, AccountId account, DateTimeOffset until, string reason) => grains.FailAsync();

        public Task ReportHealthyAsync(TenantId tenant) => grains.FailAsync();

        public async Task DisableAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken)
        {
            grains.MayGiveUp = cancellationToken.CanBeCanceled;
            await grains.FailAsync();
            await grains.SetStatusAsync(account, "inactive", "disabled");
        }

        public Task<BreakerState> ReportFailureAsync(string code) => throw new NotSupportedException();

        public Task ReportSuccessAsync() => throw new NotSupportedException();

        public Task<BreakerState> GetBreakerAsync() => throw new NotSupportedException();
    }

    private sealed class IntakeGrain(FakeGrains grains, Guid key) : IIntakeGrain
    {
        public Task StartAsync(TenantId tenant) => throw new NotSupportedException();

        public Task StopAsync(TenantId tenant)
        {
            grains.Stopped.Enqueue(new AccountId(key));
            return grains.FailAsync();
        }

        public Task LookSoonAsync(TenantId tenant) => throw new NotSupportedException();

        public Task WakeAsync() => throw new NotSupportedException();
    }

    private sealed class SessionGrain(FakeGrains grains, Guid key) : IWhatsAppSessionGrain
    {
        public Task<PairingResult> StartAsync(TenantId tenant, string? number, CancellationToken cancellationToken)
        {
            grains.Numbers.Enqueue(number);
            return ActAsync();
        }

        public Task<PairingResult> RestartAsync(TenantId tenant, CancellationToken cancellationToken) => ActAsync();

        public Task<PairingResult> LogOutAsync(TenantId tenant, bool remove, CancellationToken cancellationToken) => ActAsync();

        public Task StopAsync(TenantId tenant) => grains.FailAsync();

        public Task CheckAsync(TenantId tenant)
        {
            grains.Checked.Enqueue(new AccountId(key));
            return grains.FailAsync();
        }

        public async Task<PairingState?> WatchAsync(TenantId tenant)
        {
            await grains.FailAsync();
            return grains.Pairing;
        }

        public Task ObserveAsync(TenantId tenant, ImmutableArray<SessionSign> signs) => throw new NotSupportedException();

        public Task WakeAsync() => throw new NotSupportedException();

        private async Task<PairingResult> ActAsync()
        {
            await grains.FailAsync();
            if (grains.Activation is { } chosen)
            {
                return new(chosen, grains.Pairing);
            }

            await grains.SetStatusAsync(new AccountId(key), "active", "active");
            return new(new(true, AccountStatus.Active, TimeProvider.System.GetUtcNow(), null, null, null, null), grains.Pairing);
        }
    }

    private sealed class ConversationGrain(FakeGrains grains) : IConversationGrain
    {
        public Task EnqueueAsync(ConversationRef conversation, ImmutableArray<PendingTurn> turns, bool complete) => grains.FailAsync();

        public async Task PauseAsync(ConversationRef conversation, DateTimeOffset? until)
        {
            grains.Pauses.Enqueue(until);
            await grains.FailAsync();
            await (grains.Pausing?.Invoke(conversation) ?? Task.CompletedTask);
        }

        public Task TakeOverAsync(ConversationRef conversation, DateTimeOffset until) => throw new NotSupportedException();

        public async Task<LateReplyVerdict> ReplyAsync(ConversationRef conversation, MessageId turn, LateReply reply, CancellationToken cancellationToken)
        {
            await grains.FailAsync();
            grains.Replies.Enqueue((conversation, turn, reply));
            return grains.Replying is { } replying ? await replying(conversation) : grains.Verdict;
        }

        public async Task SendAsync(ConversationRef conversation, MessageId message, OutboundDraft draft, CancellationToken cancellationToken)
        {
            await grains.FailAsync();
            grains.Sent.Enqueue((conversation, message, draft));
        }
    }

    private sealed class DeliveryGrain(FakeGrains grains) : IDeliveryGrain
    {
        public async Task<ImmutableArray<ReplyWait>> GetWaitsAsync(ConversationId conversation, ImmutableArray<MessageId> replies)
        {
            await grains.FailAsync();
            return grains.Waits is { } waits ? await waits(conversation, replies) : [];
        }

        public Task WakeAsync() => grains.FailAsync();

        public Task<bool> ReserveAsync(ConversationId conversation, MessageId reply, string chatId) => throw new NotSupportedException();

        public Task SendBegunAsync(Core.Outbox.QueuedReply reply) => throw new NotSupportedException();

        public Task AbandonAsync(MessageId reply) => throw new NotSupportedException();

        public Task EnqueueAsync(TenantId tenant, ImmutableArray<Core.Outbox.QueuedReply> replies) => throw new NotSupportedException();
    }
}
