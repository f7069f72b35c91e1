using System.Runtime.CompilerServices;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Inbox;
using Channels.Storage.Journal;
using Channels.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;

namespace Channels.Storage.Tests.Journal;

/// <summary>A directory for a journal, which processes open one after the other.</summary>
internal sealed class JournalDirectory : IDisposable
{
    /// <summary>Three batches of one such webhook fill a file.</summary>
    public const int ThirdOfFile = 5 << 20;

    private readonly TemporaryDirectory _parent = TemporaryDirectory.Create();
    private readonly IdSource _ids = new(TimeProvider.System);

    /// <summary>Whose journal it is.</summary>
    public Guid Journal { get; init; } = new(42, 0, 0, new byte[8]);

    public string Path => _parent.Combine("journal");

    /// <summary>The names of its files.</summary>
    public IReadOnlyList<string> Files => [.. Directory.GetFiles(Path).Select(path => System.IO.Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    public InboxJournal Open(long moved = 0, int megabytes = 256, TimeProvider? clock = null, ILogger? logger = null, Guid? journal = null) =>
        InboxJournal.Open(Path, new JournalPosition(journal ?? Journal, moved), megabytes, clock ?? TimeProvider.System, logger ?? NullLogger.Instance);

    /// <summary>A webhook like no other.</summary>
    public InboundWebhook Webhook(TenantId tenant, AccountId account, int bytes = 100, DateTimeOffset? receivedAt = null)
    {
        var body = new byte[bytes];
        new Random(bytes).NextBytes(body);
        return new(tenant, account, new WebhookId(_ids.Next()), receivedAt ?? DateTimeOffset.UnixEpoch, "path", body);
    }

    /// <summary>So many batches, of one webhook each.</summary>
    public async Task<List<InboundWebhook>> AppendAsync(InboxJournal journal, int batches, int bytes = ThirdOfFile)
    {
        var appended = new List<InboundWebhook>();
        for (var batch = 0; batch < batches; batch++)
        {
            appended.Add(Webhook(Inbox.Webhooks.Tenant(1), Inbox.Webhooks.Account(1), bytes));
            await AppendAsync(journal, appended[^1]);
        }

        return appended;
    }

    /// <summary>One batch.</summary>
    public static async Task AppendAsync(InboxJournal journal, params IReadOnlyList<InboundWebhook> webhooks)
    {
        using var rows = new InboxRows(webhooks);
        foreach (var webhook in webhooks)
        {
            journal.Begins(webhook);
        }

        try
        {
            await journal.AppendAsync(rows.Rows, default);
        }
        catch
        {
            foreach (var webhook in webhooks)
            {
                journal.Withdraw(webhook);
            }

            throw;
        }
    }

    /// <summary>The files that were kept because something in them could not be read, by the names they had.</summary>
    public IReadOnlyList<string> Kept => [.. Files.Where(file => file.EndsWith(".damaged", StringComparison.Ordinal)).Select(file => file[..file.IndexOf('-', StringComparison.Ordinal)]).Order()];

    /// <summary>The bytes of one batch.</summary>
    public static byte[] RowsOf(params IReadOnlyList<InboundWebhook> webhooks)
    {
        using var rows = new InboxRows(webhooks);
        return rows.Rows.ToArray();
    }

    /// <summary>Moves the oldest that there is to nowhere.</summary>
    public static bool TryMove(InboxJournal journal)
    {
        if (journal.Reader.Read(256, JournalReader.Enough, 0) is not { } piece)
        {
            return false;
        }

        journal.Reader.Moved(piece);
        return true;
    }

    /// <summary>All that is to be moved, with the number of each batch, which is moved to nowhere.</summary>
    public static List<(long Number, byte[] Rows)> TakeAll(InboxJournal journal)
    {
        var taken = new List<(long, byte[])>();
        while (journal.Reader.Read(256, JournalReader.Enough, 0) is { } piece)
        {
            taken.AddRange(piece.Batches.Select((rows, at) => (piece.Last - piece.Count + 1 + at, rows.ToArray())));
            journal.Reader.Moved(piece);
        }

        return taken;
    }

    /// <summary>Returns when it has a file to write to.</summary>
    public static async Task ReadyAsync(InboxJournal journal)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!journal.IsReady())
        {
            await Task.Delay(10, deadline.Token);
        }
    }

    /// <summary>What a broken disk does to a file that is open.</summary>
    public static void FlipByte(JournalSegment segment, long at)
    {
        var one = new byte[1];
        RandomAccess.Read(Handle(segment), one, at);
        one[0] ^= 0x10;
        RandomAccess.Write(Handle(segment), one, at);
    }

    /// <summary>Where a batch of one webhook each begins, its header included, behind others as large as it.</summary>
    public static long Start(int batch, InboundWebhook like) => JournalSegment.Start + (batch * (long)(JournalFrame.HeaderSize + RowsOf(like).Length));

    public void Dispose() => _parent.Dispose();

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_file")]
    private static extern ref SafeFileHandle Handle(JournalSegment segment);
}
