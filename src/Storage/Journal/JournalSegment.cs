using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Channels.Storage.Journal;

/// <summary>One file of the journal: made full of zeros, written from front to back, and used again when all in it is in the table.</summary>
/// <remarks>
/// Full of zeros, because writing to what a file already has costs the disk one write, and to what it has to be given several.
/// The head (4 KB) says whose journal it is, which batch is the first behind it, and the batches' salt, with a CRC-32C. Not safe for concurrent writers; reading beside one is.
/// </remarks>
internal sealed class JournalSegment : IDisposable
{
    /// <summary>Bytes of a file. The largest batch is half of it: four megabytes of webhooks and one more.</summary>
    public const int Size = 16 << 20;

    private const int HeadSize = 4096;
    private const int IdAt = 8;
    private const int FirstAt = 24;
    private const int SaltAt = 32;
    private const int ChecksumAt = 36;
    private const int ZerosAtOnce = 1 << 20;
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly SafeFileHandle _file;
    private readonly byte[] _header = new byte[JournalFrame.HeaderSize];
    private int _end;

    private JournalSegment(string path, SafeFileHandle file)
    {
        Path = path;
        _file = file;
    }

    /// <summary>Its file.</summary>
    public string Path { get; private set; }

    /// <summary>The number of its first batch.</summary>
    public long First { get; private set; }

    /// <summary>The number of its last batch; one less than <see cref="First"/> while there is none.</summary>
    public long Last { get; private set; }

    /// <summary>Whether its file is evidence now, and must be neither used again nor deleted.</summary>
    public bool IsKept { get; private set; }

    /// <summary>Where its batches' CRCs begin.</summary>
    public uint Salt { get; private set; }

    /// <summary>Whether nothing was ever written to it but the zeros it was made with. Reads all of it.</summary>
    public bool IsBlank()
    {
        if (Length < Size)
        {
            // It was still being made.
            return true;
        }

        var bytes = new byte[Size];
        return ReadAt(0, bytes) == Size && bytes.AsSpan().IndexOfAnyExcept((byte)0) < 0;
    }

    /// <summary>Where the first batch begins.</summary>
    public static int Start => HeadSize;

    private static ReadOnlySpan<byte> Magic => "CHJRNL01"u8;

    /// <summary>Makes one. Takes its time: all of it is written, and waited for.</summary>
    public static JournalSegment Create(string path)
    {
        var segment = new JournalSegment(path, File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None));
        try
        {
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(segment._file, OwnersAlone);
            }

            var zeros = new byte[ZerosAtOnce];
            for (var at = 0; at < Size; at += ZerosAtOnce)
            {
                RandomAccess.Write(segment._file, zeros, at);
            }

            segment.Sync();
            DiskSync.Directory(System.IO.Path.GetDirectoryName(path)!);
            return segment;
        }
        catch (IOException)
        {
            segment.Delete();
            throw;
        }
    }

    /// <summary>Opens one of an earlier process.</summary>
    /// <param name="path">Its file.</param>
    /// <returns>With the journal's id; null where its head cannot be read. <see cref="IsBlank"/> tells whether it ever had one.</returns>
    public static (JournalSegment Segment, Guid? Journal) Open(string path)
    {
        var segment = new JournalSegment(path, File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None));
        Span<byte> head = stackalloc byte[ChecksumAt + sizeof(uint)];
        segment.ReadAt(0, head);
        if (!head.StartsWith(Magic) || BinaryPrimitives.ReadUInt32LittleEndian(head[ChecksumAt..]) != JournalFrame.Checksum(uint.MaxValue, head[..ChecksumAt]))
        {
            return (segment, null);
        }

        segment.First = BinaryPrimitives.ReadInt64LittleEndian(head[FirstAt..]);
        segment.Last = segment.First - 1;
        segment._end = Start;
        segment.Salt = BinaryPrimitives.ReadUInt32LittleEndian(head[SaltAt..]);
        return (segment, new Guid(head[IdAt..FirstAt], bigEndian: true));
    }

    /// <summary>Makes it the journal's next file. What was in it before is forgotten.</summary>
    /// <exception cref="IOException">The disk does not take it.</exception>
    public void Begin(Guid journal, long first)
    {
        Span<byte> head = stackalloc byte[ChecksumAt + sizeof(uint)];
        Magic.CopyTo(head);
        journal.TryWriteBytes(head[IdAt..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64LittleEndian(head[FirstAt..], first);
        RandomNumberGenerator.Fill(head[SaltAt..ChecksumAt]);
        BinaryPrimitives.WriteUInt32LittleEndian(head[ChecksumAt..], JournalFrame.Checksum(uint.MaxValue, head[..ChecksumAt]));
        RandomAccess.Write(_file, head, 0);
        (First, Last, _end) = (first, first - 1, Start);
        Salt = BinaryPrimitives.ReadUInt32LittleEndian(head[SaltAt..]);
    }

    /// <summary>Whether so many bytes of rows fit in behind what is there.</summary>
    public bool HasRoomFor(int rows) => _end + JournalFrame.HeaderSize + rows <= Size;

    /// <summary>Writes the next batch; on the disk it is after <see cref="Sync"/>.</summary>
    /// <exception cref="IOException">The disk does not take it.</exception>
    public void Write(long sequence, ReadOnlyMemory<byte> rows)
    {
        JournalFrame.WriteHeader(_header, Salt, sequence, rows.Span);
        RandomAccess.Write(_file, [_header, rows], _end);
        _end += JournalFrame.HeaderSize + rows.Length;
        Last = sequence;
    }

    /// <summary>Returns when all that was written is on the disk.</summary>
    /// <exception cref="IOException">It may not be.</exception>
    public void Sync() => DiskSync.Data(_file);

    /// <summary>Bytes its file has: <see cref="Size"/>, unless somebody cut it.</summary>
    public long Length => RandomAccess.GetLength(_file);

    /// <summary>Fills the buffer from there; fewer bytes at the file's end, and where the disk does not give them.</summary>
    public int ReadAt(long offset, Span<byte> buffer)
    {
        var read = 0;
        try
        {
            while (read < buffer.Length && RandomAccess.Read(_file, buffer[read..], offset + read) is > 0 and var more)
            {
                read += more;
            }
        }
        catch (IOException)
        {
            // What is missing is told from what is not there by the batches' numbers, as if it had been damaged.
        }

        return read;
    }

    /// <summary>Something in it could not be read: its file stays. Under its name until the rest is moved, so that a crash finds it again.</summary>
    public void Keep() => IsKept = true;

    /// <summary>Gives its file the name under which it stays.</summary>
    /// <exception cref="IOException">It cannot be renamed.</exception>
    public void SetAside()
    {
        Dispose();

        // Files' names come again; what was kept before stays as well.
        var kept = $"{Path}-{System.IO.Path.GetRandomFileName()}.damaged";
        File.Move(Path, kept);
        Path = kept;
        DiskSync.Directory(System.IO.Path.GetDirectoryName(kept)!);
    }

    /// <summary>Says how far it was found to be written.</summary>
    public void Found(long last) => Last = last;

    /// <summary>Gives it up for good.</summary>
    /// <exception cref="IOException">It cannot be deleted.</exception>
    public void Delete()
    {
        Dispose();
        File.Delete(Path);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
