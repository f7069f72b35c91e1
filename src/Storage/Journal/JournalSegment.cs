using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Channels.Storage.Journal;

/// <summary>One file of the journal: made full of zeros, written from front to back, and used again when all in it is in the table.</summary>
/// <remarks>
/// Full of zeros, because writing to what a file already has costs the disk one write, and to what it has to be given several.
/// The head (4 KB) says whose journal it is and which batch is the first behind it, with a CRC-32C. Not safe for concurrent writers; reading beside one is.
/// </remarks>
internal sealed class JournalSegment : IDisposable
{
    /// <summary>Bytes of a file. The largest batch is half of it.</summary>
    public const int Size = 16 << 20;

    private const int HeadSize = 4096;
    private const int IdAt = 8;
    private const int FirstAt = 24;
    private const int ChecksumAt = 32;
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
    /// <returns>With the journal's id; null for a file that was never begun.</returns>
    public static (JournalSegment Segment, Guid Journal)? Open(string path)
    {
        var segment = new JournalSegment(path, File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None));
        Span<byte> head = stackalloc byte[ChecksumAt + sizeof(uint)];
        if (segment.ReadAt(0, head) < head.Length
            || !head.StartsWith(Magic) || BinaryPrimitives.ReadUInt32LittleEndian(head[ChecksumAt..]) != JournalFrame.Checksum(uint.MaxValue, head[..ChecksumAt]))
        {
            segment.Dispose();
            return null;
        }

        segment.First = BinaryPrimitives.ReadInt64LittleEndian(head[FirstAt..]);
        segment.Last = segment.First - 1;
        segment._end = Start;
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
        BinaryPrimitives.WriteUInt32LittleEndian(head[ChecksumAt..], JournalFrame.Checksum(uint.MaxValue, head[..ChecksumAt]));
        RandomAccess.Write(_file, head, 0);
        (First, Last, _end) = (first, first - 1, Start);
    }

    /// <summary>Whether so many bytes of rows fit in behind what is there.</summary>
    public bool HasRoomFor(int rows) => _end + JournalFrame.HeaderSize + rows <= Size;

    /// <summary>Writes the next batch; on the disk it is after <see cref="Sync"/>.</summary>
    /// <exception cref="IOException">The disk does not take it.</exception>
    public void Write(long sequence, ReadOnlyMemory<byte> rows)
    {
        JournalFrame.WriteHeader(_header, sequence, rows.Span);
        RandomAccess.Write(_file, [_header, rows], _end);
        _end += JournalFrame.HeaderSize + rows.Length;
        Last = sequence;
    }

    /// <summary>Returns when all that was written is on the disk.</summary>
    /// <exception cref="IOException">It may not be.</exception>
    public void Sync() => DiskSync.Data(_file);

    /// <summary>Fills the buffer from there; fewer bytes at the file's end.</summary>
    /// <exception cref="IOException">The disk does not give them.</exception>
    public int ReadAt(long offset, Span<byte> buffer)
    {
        var read = 0;
        while (read < buffer.Length && RandomAccess.Read(_file, buffer[read..], offset + read) is > 0 and var more)
        {
            read += more;
        }

        return read;
    }

    /// <summary>Its file stays, under another name: something in it could not be read.</summary>
    public void Keep()
    {
        File.Move(Path, Path + ".damaged", overwrite: true);
        Path += ".damaged";
        IsKept = true;
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
