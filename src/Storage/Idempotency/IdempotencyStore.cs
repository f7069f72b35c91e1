using Channels.Core.Ids;
using Channels.Storage.Secrets;
using Channels.Storage.Tenancy;

namespace Channels.Storage.Idempotency;

/// <summary>Remembers what a tenant's request with an <c>Idempotency-Key</c> was answered, so that its repetition gets the same answer and does nothing.</summary>
/// <remarks>Answers are sealed: some show a secret once. Rows are trimmed by age; a key is good for a day at least. The operator's own keys are <see cref="Operator"/>'s.</remarks>
public sealed class IdempotencyStore(TenantScope scope, SecretVault vault, TimeProvider clock)
{
    private const string Claim = """
        with mine as (
          insert into idempotency_key (tenant_id, key, request_hash, created_at, claimed_at, sealed_for)
          values ($1, $2, $3, $4, $4, nullif($1, '00000000-0000-0000-0000-000000000000'::uuid))
          on conflict do nothing
          returning request_hash, created_at, claimed_at)
        select true, request_hash, created_at, null::int, null::text, null::uuid, claimed_at, null::text from mine
        union all
        select false, request_hash, created_at, status, body, sealed_for, claimed_at, location from idempotency_key
        where tenant_id = $1 and key = $2 and not exists (select 1 from mine)
        """;

    // The moment of the first claim stays: ids derived from it must come out the same. That of this one is new: of many that come at once, one takes over.
    private const string TakeOver = """
        update idempotency_key set claimed_at = $4
        where tenant_id = $1 and key = $2 and status is null and claimed_at < $3
        """;

    private const string Keep = """
        update idempotency_key set status = $3, body = $4, sealed_for = $5, location = $7::text where tenant_id = $1 and key = $2 and claimed_at = $6
        """;

    private const string Drop = """
        delete from idempotency_key where tenant_id = $1 and key = $2 and status is null and claimed_at = $3
        """;

    /// <summary>How long a request may be under way before its key counts as left behind by a process that died. No request may take as long.</summary>
    public static TimeSpan Lease { get; } = TimeSpan.FromMinutes(2);

    /// <summary>The owner of the operator's own keys: no tenant has this id.</summary>
    public static TenantId Operator { get; } = new(Guid.Empty);

    /// <summary>Claims the key for this request, or says what became of it before.</summary>
    public async Task<IdempotencyClaim> BeginAsync(TenantId tenant, string key, byte[] requestHash, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await ReadAsync(tenant, key, requestHash, cancellationToken) is not { } row)
            {
                // Somebody else's claim commits this moment: the next look sees it.
                continue;
            }

            if (row.Mine)
            {
                return new IdempotencyClaim.Fresh(row.CreatedAt, row.ClaimedAt);
            }

            if (!row.RequestHash.AsSpan().SequenceEqual(requestHash))
            {
                return new IdempotencyClaim.Different();
            }

            if (row.Status is { } status)
            {
                var sealedFor = row.SealedFor ?? tenant;
                return new IdempotencyClaim.Answered(new(
                    status, await OpenAsync(sealedFor, key, row.Body!, cancellationToken), row.Location is { } location ? await OpenAsync(sealedFor, key, location, cancellationToken) : null));
            }

            var now = clock.GetUtcNow();
            var taken = await scope.ExecuteAsync(tenant, Sql.Statement(TakeOver, tenant.Value, key, now - Lease, now), cancellationToken);
            return taken == 1 ? new IdempotencyClaim.Fresh(row.CreatedAt, now) : new IdempotencyClaim.UnderWay(row.CreatedAt, row.ClaimedAt);
        }
    }

    /// <summary>Keeps the answer, unless the claim has gone to another: then that one's counts.</summary>
    /// <param name="tenant">Whose key it is.</param>
    /// <param name="key">The key.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="sealedFor">With whose data key it is sealed: the owner's, but the operator has none.</param>
    /// <param name="claimedAt">Which claim.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task KeepAsync(TenantId tenant, string key, KeptAnswer answer, TenantId sealedFor, DateTimeOffset claimedAt, CancellationToken cancellationToken)
    {
        // Where it leads may name a contact.
        var body = await SealAsync(sealedFor, key, answer.Body, cancellationToken);
        var location = answer.Location is { } leadsTo ? await SealAsync(sealedFor, key, leadsTo, cancellationToken) : null;
        await scope.ExecuteAsync(tenant, Sql.Statement(Keep, tenant.Value, key, answer.Status, body, sealedFor.Value, claimedAt, location), cancellationToken);
    }

    /// <summary>Frees the key: nothing was done, a corrected request may use it. Not when the claim has gone to another.</summary>
    public Task DropAsync(TenantId tenant, string key, DateTimeOffset claimedAt, CancellationToken cancellationToken) =>
        scope.ExecuteAsync(tenant, Sql.Statement(Drop, tenant.Value, key, claimedAt), cancellationToken);

    private async Task<string> SealAsync(TenantId sealedFor, string key, string text, CancellationToken cancellationToken) =>
        Convert.ToBase64String(await vault.SealAsync(sealedFor, SecretPurpose.KeptAnswer(key), text, cancellationToken));

    private ValueTask<string> OpenAsync(TenantId sealedFor, string key, string text, CancellationToken cancellationToken) =>
        vault.OpenAsync(sealedFor, SecretPurpose.KeptAnswer(key), Convert.FromBase64String(text), cancellationToken);

    private async Task<Row?> ReadAsync(TenantId tenant, string key, byte[] requestHash, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(tenant, [Sql.Statement(Claim, tenant.Value, key, requestHash, clock.GetUtcNow())], cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadAsync(cancellationToken)
            ? new(rows.GetBoolean(0), rows.GetFieldValue<byte[]>(1), rows.GetFieldValue<DateTimeOffset>(2), rows.IsDBNull(3) ? null : rows.GetInt32(3), rows.Text(4),
                rows.Id(5) is { } id ? new TenantId(id) : null, rows.GetFieldValue<DateTimeOffset>(6), rows.Text(7))
            : null;
    }

    private sealed record Row(bool Mine, byte[] RequestHash, DateTimeOffset CreatedAt, int? Status, string? Body, TenantId? SealedFor, DateTimeOffset ClaimedAt, string? Location);
}

/// <summary>An answer that is given again.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Body">Its body; empty for none.</param>
/// <param name="Location">Its header of that name; null for none, and for what was kept before it was.</param>
public sealed record KeptAnswer(int Status, string Body, string? Location);

/// <summary>What is known about a request with an idempotency key. The family is closed.</summary>
public abstract record IdempotencyClaim
{
    private IdempotencyClaim()
    {
    }

    /// <summary>Nobody did it yet: do it.</summary>
    /// <param name="Since">When the key was first claimed; the same if the first attempt died.</param>
    /// <param name="ClaimedAt">When this attempt claimed it.</param>
    public sealed record Fresh(DateTimeOffset Since, DateTimeOffset ClaimedAt) : IdempotencyClaim;

    /// <summary>It was done, and answered like this.</summary>
    public sealed record Answered(KeptAnswer Answer) : IdempotencyClaim;

    /// <summary>It is being done this moment.</summary>
    public sealed record UnderWay(DateTimeOffset Since, DateTimeOffset ClaimedAt) : IdempotencyClaim;

    /// <summary>The key belongs to another request.</summary>
    public sealed record Different : IdempotencyClaim;
}
