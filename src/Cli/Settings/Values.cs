using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Channels.Cli.Settings;

/// <summary>Options whose values have a form. What is none is a wrong command line, said with the option's name; the library finds some of it only when the value is read, and then throws.</summary>
internal static class Values
{
    /// <summary>An id. Accounts are channels: what is called one in one command is understood in all.</summary>
    /// <param name="name">As it is shown.</param>
    /// <param name="alias">What it is called elsewhere; null for none.</param>
    /// <param name="description">For the help.</param>
    public static Option<Guid?> Id(string name, string? alias, string description) => new(name, AliasesOf(alias))
    {
        Description = description,
        HelpName = "id",
        CustomParser = result => IdOf(result, 0),
    };

    /// <summary>An id that must be given.</summary>
    public static Option<Guid> RequiredId(string name, string? alias, string description) => new(name, AliasesOf(alias))
    {
        Description = description,
        HelpName = "id",
        Required = true,
        CustomParser = result => IdOf(result, 0),
    };

    /// <summary>Any number of ids.</summary>
    public static Option<Guid[]> Ids(string name, string? alias, string description) => new(name, AliasesOf(alias))
    {
        Description = description,
        HelpName = "id",
        AllowMultipleArgumentsPerToken = true,
        CustomParser = result => [.. Enumerable.Range(0, result.Tokens.Count).Select(at => IdOf(result, at))],
    };

    /// <summary>Seconds from 0 to <paramref name="longest"/>; the option alone is null.</summary>
    public static Option<int?> Seconds(string name, string description, int longest) => new(name)
    {
        Description = description,
        HelpName = "seconds",
        Arity = ArgumentArity.ZeroOrOne,
        CustomParser = result =>
        {
            if (result.Tokens is not [var token])
            {
                return null;
            }

            if (int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= longest)
            {
                return seconds;
            }

            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} takes whole seconds from 0 to {longest}, not '{token.Value}'."));
            return null;
        },
    };

    private static string[] AliasesOf(string? alias) => alias is null ? [] : [alias];

    private static Guid IdOf(ArgumentResult result, int at)
    {
        var written = result.Tokens[at].Value;
        if (!Guid.TryParse(written, out var id))
        {
            result.AddError($"{(result.Parent as OptionResult)?.Option.Name} takes an id such as 0199a1b2-0000-7000-8000-000000000001, not '{written}'.");
        }

        return id;
    }
}
