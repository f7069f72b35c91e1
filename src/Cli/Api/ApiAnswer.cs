using System.Text.Json;

namespace Channels.Cli.Api;

/// <summary>What came of asking the server. The family is closed: callers switch on it.</summary>
internal abstract record ApiAnswer
{
    private ApiAnswer()
    {
    }

    /// <summary>It was done.</summary>
    /// <param name="Body">The answer's JSON; undefined where there is none.</param>
    public sealed record Done(JsonElement Body) : ApiAnswer;

    /// <summary>The server said no, and why.</summary>
    public sealed record Refused(ApiProblem Problem) : ApiAnswer;

    /// <summary>Nobody answered in time, or it was no Channels server.</summary>
    /// <param name="Reason">In words, as a whole sentence.</param>
    public sealed record Unreachable(string Reason) : ApiAnswer;
}
