using System.Globalization;

namespace Channels.Bench;

/// <summary>What the command line said: <c>--name value</c> pairs.</summary>
internal sealed class Options
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public static Options Parse(ReadOnlySpan<string> arguments)
    {
        var options = new Options();
        for (var i = 0; i + 1 < arguments.Length; i += 2)
        {
            options._values[arguments[i].TrimStart('-')] = arguments[i + 1];
        }

        return options;
    }

    public string Text(string name, string otherwise) => _values.GetValueOrDefault(name, otherwise);

    public int Number(string name, int otherwise) =>
        _values.TryGetValue(name, out var value) ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>The same with a value for what was not said.</summary>
    public Options Or(string name, int otherwise)
    {
        var options = new Options();
        foreach (var (given, value) in _values)
        {
            options._values[given] = value;
        }

        options._values.TryAdd(name, otherwise.ToString(CultureInfo.InvariantCulture));
        return options;
    }
}
