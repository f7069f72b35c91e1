using System.Globalization;

namespace Channels.Cli.Tests.Host;

/// <summary>Says when so many lines were written: the moment for Ctrl-C.</summary>
internal sealed class CountingWriter(int lines, Action enough) : StringWriter(CultureInfo.InvariantCulture)
{
    private int _left = lines;

    public override void WriteLine(string? value)
    {
        base.WriteLine(value);
        if (--_left == 0)
        {
            enough();
        }
    }
}
