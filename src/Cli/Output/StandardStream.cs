using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Channels.Cli.Output;

/// <summary>Standard output or standard error of this process. Never throws for what cannot be written: it keeps why, and swallows the rest.</summary>
/// <remarks>
/// A command that is under way is not broken off because nobody reads any more, or the disk is full: half of it may be done.
/// Whoever follows along looks at <see cref="IsBroken"/>, and how it ends looks at <see cref="Failure"/>.
/// </remarks>
internal sealed class StandardStream(Stream inner) : Stream
{
    /// <summary>errno of a pipe whose other end is closed, on Linux and macOS.</summary>
    private const int BrokenPipe = 32;

    /// <summary>What a pipe takes whole or not at all, also one that somebody else made not to wait.</summary>
    private const int Whole = 512;

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(10);

    private readonly ManualResetEventSlim _patience = new();

    /// <summary>Whether writing is of no use any more.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Why something was not written; null also when nobody reads any more, as behind <c>head</c>: that is how a pipe ends.</summary>
    public string? Failure { get; private set; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Standard output, noticing a closed pipe.</summary>
    /// <remarks>
    /// The runtime's own stream passes over a closed pipe in silence, a file's does not. But a file's keeps its own place, where others may write to the same file
    /// (<c>&gt; log 2&gt;&amp;1</c>): it is for pipes alone.
    /// </remarks>
    public static StandardStream Output()
    {
        if (!OperatingSystem.IsWindows() && Console.IsOutputRedirected)
        {
            try
            {
                var piped = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
                if (!piped.CanSeek)
                {
                    return new(piped);
                }
            }
            catch (Exception closed) when (closed is IOException or ArgumentException or UnauthorizedAccessException)
            {
                // There is no standard output (>&-), or none that can be written to. The runtime's own stream copes.
            }
        }

        return new(Console.OpenStandardOutput());
    }

    /// <summary>Standard error.</summary>
    public static StandardStream Error() => new(Console.OpenStandardError());

    /// <summary>Writes what is written at once, in the encoding terminals and pipes expect.</summary>
    public TextWriter ToWriter() => TextWriter.Synchronized(new StreamWriter(this, OperatingSystem.IsWindows() ? Console.OutputEncoding : new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true });

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (IsBroken)
        {
            return;
        }

        try
        {
            for (var rest = buffer; rest.Length > 0; rest = rest[Math.Min(Whole, rest.Length)..])
            {
                WritePatiently(rest[..Math.Min(Whole, rest.Length)]);
            }

            inner.Flush();
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            IsBroken = true;
            Failure = failed.HResult == BrokenPipe ? null : failed.Message;
        }
    }

    // A pipe that is full and was made not to wait says so; whoever reads it will make room.
    private void WritePatiently(ReadOnlySpan<byte> piece)
    {
        while (true)
        {
            try
            {
                inner.Write(piece);
                return;
            }
            catch (IOException full) when (full.HResult == (OperatingSystem.IsMacOS() ? 35 : 11))
            {
                _patience.Wait(_pause);
            }
        }
    }

    public override void Flush()
    {
        // Every write is flushed.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
