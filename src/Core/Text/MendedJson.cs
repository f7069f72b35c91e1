using System.Text;
using System.Text.Unicode;

namespace Channels.Core.Text;

/// <summary>JSON as others write it, made fit to read: bytes that are no UTF-8 and halves of surrogate pairs become U+FFFD, in one pass. What is clean is not copied.</summary>
public static class MendedJson
{
    /// <summary>The body as it is, or a copy in which every text can be handed out.</summary>
    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
        {
            body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body.Span));
        }

        byte[]? copy = null;
        for (var at = NextEscape(body.Span, 0); at >= 0;)
        {
            var high = Surrogate(body.Span, at);
            if (high is null)
            {
                at = NextEscape(body.Span, at + 2);
                continue;
            }

            if (high is < 0xDC00 && Surrogate(body.Span, at + 6) is >= 0xDC00)
            {
                at = NextEscape(body.Span, at + 12);
                continue;
            }

            copy ??= body.ToArray();
            "\\ufffd"u8.CopyTo(copy.AsSpan(at));
            at = NextEscape(body.Span, at + 6);
        }

        return copy ?? body;
    }

    private static int NextEscape(ReadOnlySpan<byte> body, int from)
    {
        if (from >= body.Length)
        {
            return -1;
        }

        var found = body[from..].IndexOf((byte)'\\');
        return found < 0 ? -1 : from + found;
    }

    /// <summary>The code unit of an escape <c>\uD800…\uDFFF</c> that starts here, else null.</summary>
    private static int? Surrogate(ReadOnlySpan<byte> body, int at)
    {
        if (at + 6 > body.Length || body[at] != '\\' || body[at + 1] != 'u' || (body[at + 2] | 0x20) != 'd')
        {
            return null;
        }

        var unit = 0xD;
        for (var i = at + 3; i < at + 6; i++)
        {
            if (!char.IsAsciiHexDigit((char)body[i]))
            {
                return null;
            }

            unit = (unit << 4) | (body[i] <= '9' ? body[i] - '0' : (body[i] | 0x20) - 'a' + 10);
        }

        return unit is >= 0xD800 and <= 0xDFFF ? unit : null;
    }
}
