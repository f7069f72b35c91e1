using System.Text.Json;
using Channels.Testing;

namespace Channels.Cli.Tests.Host;

/// <summary>A home directory and an environment in which commands are run. Whatever they print is looked through for keys.</summary>
internal sealed class CommandRun : IDisposable
{
    private readonly TemporaryDirectory _home = TemporaryDirectory.Create();
    private readonly List<string> _secrets = [FakeApi.Key];

    public Dictionary<string, string> Environment { get; } = [];

    public HurriedClock Clock { get; } = new();

    /// <summary>Against the product pauses take their time.</summary>
    public bool IsHurried { get; init; } = true;

    /// <summary>How long the server may take.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(20);

    public string Home => _home.Path;

    public string ConfigFile => _home.Combine(".config", "channels", "config.json");

    /// <summary>Somebody at the terminal; nobody when null.</summary>
    public ScriptedPerson? Person { get; set; }

    /// <summary>What is on standard input.</summary>
    public string Input { get; set; } = "";

    /// <summary>Commands that ask this server with its key.</summary>
    public static CommandRun Of(FakeApi api, TimeSpan? patience = null)
    {
        var run = new CommandRun { Patience = patience ?? TimeSpan.FromSeconds(20) };
        run.Environment["CHANNELS_URL"] = api.Address.ToString();
        run.Environment["CHANNELS_API_KEY"] = FakeApi.Key;
        return run;
    }

    public void KeepSecret(params string[] secrets) => _secrets.AddRange(secrets);

    public string File(string name, string content)
    {
        System.IO.File.WriteAllText(_home.Combine(name), content);
        return name;
    }

    public Task<Ended> RunAsync(params string[] arguments) => RunAsync(arguments, null, CancellationToken.None);

    public async Task<Ended> RunAsync(string[] arguments, TextWriter? output, CancellationToken cancellationToken)
    {
        using var own = new StringWriter();
        using var error = new StringWriter();
        var here = new Surroundings
        {
            In = new StringReader(Input), Out = output ?? own, Error = error, Person = Person, Variable = name => Environment.GetValueOrDefault(name), Home = Home, WorkingDirectory = Home, Clock = IsHurried ? Clock : TimeProvider.System, Patience = Patience,
        };
        var code = await ChannelsCommand.RunAsync(arguments, here, cancellationToken);
        var ended = new Ended(code, (output ?? own).ToString()!, error.ToString());
        foreach (var secret in _secrets)
        {
            Assert.DoesNotContain(secret, ended.Out + ended.Error + Person?.Screen, StringComparison.Ordinal);
        }

        return ended;
    }

    public void Dispose() => _home.Dispose();
}

/// <summary>How a command ended.</summary>
internal sealed record Ended(int Code, string Out, string Error)
{
    /// <summary>Standard output as the one document it must be.</summary>
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Out);

    /// <summary>Of an end that was not expected: a record's own text would read <see cref="Json"/>, which may be none.</summary>
    public override string ToString() => $"ended with {Code}\n{Out}\n{Error}";
}
