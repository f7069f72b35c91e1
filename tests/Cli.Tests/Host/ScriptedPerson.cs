using Spectre.Console;
using Spectre.Console.Rendering;

namespace Channels.Cli.Tests.Host;

/// <summary>Somebody at a terminal: types what was scripted, and sees what is shown.</summary>
internal sealed class ScriptedPerson : IAnsiConsole, IAnsiConsoleInput
{
    private readonly StringWriter _screen = new();
    private readonly IAnsiConsole _console;
    private readonly Queue<ConsoleKeyInfo> _keys = new();

    public ScriptedPerson()
    {
        _console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, Interactive = InteractionSupport.Yes, Out = new AnsiConsoleOutput(_screen) });
        _console.Profile.Width = 200;
    }

    /// <summary>Everything that was ever on it.</summary>
    public string Screen => _screen.ToString();

    public Profile Profile => _console.Profile;

    public IAnsiConsoleCursor Cursor => _console.Cursor;

    public IAnsiConsoleInput Input => this;

    public IExclusivityMode ExclusivityMode => _console.ExclusivityMode;

    public RenderPipeline Pipeline => _console.Pipeline;

    /// <summary>Types a line.</summary>
    public ScriptedPerson Types(string line)
    {
        foreach (var letter in line)
        {
            _keys.Enqueue(new(letter, ConsoleKey.None, false, false, false));
        }

        _keys.Enqueue(new('\r', ConsoleKey.Enter, false, false, false));
        return this;
    }

    /// <summary>Moves down a list so many times, and takes what is there.</summary>
    public ScriptedPerson Picks(int down)
    {
        for (var i = 0; i < down; i++)
        {
            _keys.Enqueue(new('\0', ConsoleKey.DownArrow, false, false, false));
        }

        _keys.Enqueue(new('\r', ConsoleKey.Enter, false, false, false));
        return this;
    }

    public void Clear(bool home) => _console.Clear(home);

    public void Write(IRenderable renderable) => _console.Write(renderable);

    public bool IsKeyAvailable() => _keys.Count > 0;

    public ConsoleKeyInfo? ReadKey(bool intercept) =>
        _keys.TryDequeue(out var key) ? key : throw new InvalidOperationException($"More was asked than was scripted. The screen ends with: {Screen[^Math.Min(Screen.Length, 600)..]}");

    public Task<ConsoleKeyInfo?> ReadKeyAsync(bool intercept, CancellationToken cancellationToken) => Task.FromResult(ReadKey(intercept));
}
