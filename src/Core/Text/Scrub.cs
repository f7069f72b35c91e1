using System.Text;

namespace Channels.Core.Text;

/// <summary>Makes any text fit for a Postgres <c>text</c> column: no NUL, no lone surrogates.</summary>
public static class Scrub
{
    /// <summary>The text itself when it is clean, else a copy with NUL dropped and each lone surrogate replaced by U+FFFD.</summary>
    public static string Clean(string text) => IsClean(text) ? text : Mended(text);

    /// <summary>As <see cref="Clean"/>, for text that may be absent.</summary>
    public static string? CleanOrNull(string? text) => text is null ? null : Clean(text);

    private static bool IsClean(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0')
            {
                return false;
            }

            if (char.IsSurrogate(text[i]))
            {
                if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                {
                    return false;
                }

                i++;
            }
        }

        return true;
    }

    private static string Mended(string text)
    {
        var mended = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0')
            {
                continue;
            }

            if (!char.IsSurrogate(text[i]))
            {
                mended.Append(text[i]);
            }
            else if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
            {
                mended.Append(text[i]).Append(text[++i]);
            }
            else
            {
                mended.Append('\uFFFD');
            }
        }

        return mended.ToString();
    }
}
