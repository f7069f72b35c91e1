using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Channels.Core.Inbox;

namespace Channels.Storage.Inbox;

/// <summary>Webhooks as the bytes of one binary COPY. Written in one piece: a call to the driver per value costs more than the row.</summary>
/// <remarks>
/// The format is Postgres' own (COPY, "Binary Format"). Columns: tenant_id, account_id, id, received_at, path, body.
/// Behind the webhooks stands one row of nobody's, which says how many came for each account: the ledger's "accepted", in the transaction that accepts them
/// (<see cref="Acceptances"/>). A counter of its own would cost each webhook another write.
/// </remarks>
internal sealed class InboxRows : IDisposable
{
    private const short Columns = 6;
    private const int FixedSize = 2 + (Columns * 4) + (3 * 16) + 8;
    // Signature, flags, length of the header's extension.
    private static readonly byte[] _opening = [(byte)'P', (byte)'G', (byte)'C', (byte)'O', (byte)'P', (byte)'Y', (byte)'\n', 0xFF, (byte)'\r', (byte)'\n', 0, 0, 0, 0, 0, 0, 0, 0, 0];
    private static readonly byte[] _closing = [0xFF, 0xFF];
    private static readonly DateTimeOffset _epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly byte[] _buffer;
    private int _length;

    /// <summary>Holds at least one webhook.</summary>
    public InboxRows(IReadOnlyList<InboundWebhook> webhooks)
    {
        var acceptances = Acceptances.Of(webhooks);
        _buffer = ArrayPool<byte>.Shared.Rent(_opening.Length + _closing.Length + webhooks.Sum(SizeOf) + SizeOf(acceptances));
        _opening.CopyTo(_buffer, 0);
        _length = _opening.Length;
        foreach (var webhook in webhooks)
        {
            Write(webhook);
        }

        Write(acceptances);
        _closing.CopyTo(Rest);
        _length += _closing.Length;
    }

    /// <summary>What a COPY begins with.</summary>
    public static ReadOnlyMemory<byte> Opening => _opening;

    /// <summary>What a COPY ends with.</summary>
    public static ReadOnlyMemory<byte> Closing => _closing;

    /// <summary>A whole COPY. Valid until disposed.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>The rows alone. Valid until disposed.</summary>
    public ReadOnlyMemory<byte> Rows => _buffer.AsMemory(_opening.Length.._length)[..^_closing.Length];

    private Span<byte> Rest => _buffer.AsSpan(_length);

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private static int SizeOf(InboundWebhook webhook) => FixedSize + Encoding.UTF8.GetByteCount(webhook.Path) + webhook.Body.Length;

    private void Write(InboundWebhook webhook)
    {
        Write(Columns);
        Write(webhook.Tenant.Value);
        Write(webhook.Account.Value);
        Write(webhook.Id.Value);
        Write(sizeof(long));
        BinaryPrimitives.WriteInt64BigEndian(Rest, (webhook.ReceivedAt - _epoch).Ticks / TimeSpan.TicksPerMicrosecond);
        _length += sizeof(long);
        Write(Encoding.UTF8.GetByteCount(webhook.Path));
        _length += Encoding.UTF8.GetBytes(webhook.Path, Rest);
        Write(webhook.Body.Length);
        webhook.Body.Span.CopyTo(Rest);
        _length += webhook.Body.Length;
    }

    private void Write(Guid value)
    {
        Write(16);
        value.TryWriteBytes(Rest, bigEndian: true, out var written);
        _length += written;
    }

    private void Write(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(Rest, value);
        _length += sizeof(int);
    }

    private void Write(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(Rest, value);
        _length += sizeof(short);
    }
}
