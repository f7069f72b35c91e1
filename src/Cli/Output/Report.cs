using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using Channels.Cli.Api;

namespace Channels.Cli.Output;

/// <summary>What a command tells: lines for people, or JSON for programs. Keys are taken out of everything that passes.</summary>
/// <remarks>
/// With <c>--json</c> standard output is one JSON document, also for a failure; commands that follow along write one document a line.
/// Whatever a provider or a contact wrote is stripped of what could steer the terminal: <see cref="Plain"/>. JSON has it escaped.
/// </remarks>
internal sealed class Report(TextWriter output, TextWriter error, bool json)
{
    // Shorter ones would tear holes into ordinary words; the server makes none as short.
    private const int ShortestSecret = 8;

    private const string HowToGiveAKey = "Run 'channels setup', which keeps a key, set CHANNELS_API_KEY, or give --key - with the key on standard input.";

    private readonly HashSet<string> _secrets = new(StringComparer.Ordinal);

    /// <summary>As the API writes it.</summary>
    public static JsonSerializerOptions Json { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
    };

    /// <summary>Whether programs read along.</summary>
    public bool IsJson => json;

    /// <summary>Where the key came from, for the words about one that was refused; null when none was given.</summary>
    public string? KeyFrom { get; set; }

    /// <summary>Never shows this text from now on.</summary>
    public void Hide(string? secret)
    {
        if (secret is { Length: >= ShortestSecret })
        {
            _secrets.Add(secret);
        }
    }

    /// <summary>A line for people; programs do not see it.</summary>
    public void Line(string text = "")
    {
        if (!json)
        {
            output.WriteLine(Shown(text));
        }
    }

    /// <summary>Something beside the answer, on standard error.</summary>
    public void Note(string text) => error.WriteLine(Shown(text));

    /// <summary>The document for programs; people do not see it.</summary>
    public void Document(object document)
    {
        if (json)
        {
            output.WriteLine(Plain.OfJson(WithoutSecrets(JsonSerializer.Serialize(document, Json))));
            output.Flush();
        }
    }

    /// <summary>The command cannot be carried out as it was written.</summary>
    public int Misuse(string what, string? remedy = null) => Ended(what, remedy, ExitCodes.Usage);

    /// <summary>Ctrl-C, or a signal to end, came before it was done.</summary>
    public int Interrupted()
    {
        const string What = "Interrupted.";
        Fail(new JsonObject { ["title"] = What }, ExitCodes.Interrupted);
        Note(What);
        return ExitCodes.Interrupted;
    }

    /// <summary>Something went wrong on this side when part of it was done already.</summary>
    public int HalfDone(string what, string remedy) => Ended(what, remedy, ExitCodes.Wrong);

    /// <summary>The server was not reached or said no: says what, and ends with the code that fits.</summary>
    public int Failure(ApiAnswer answer) => answer switch
    {
        ApiAnswer.Refused refused => Refused(refused.Problem),
        ApiAnswer.Unreachable unreachable => Unreachable(unreachable.Reason),
        _ => throw new InvalidOperationException("An answer of success is no failure."),
    };

    /// <summary>Something is missing in what a command shows, and it goes on: programs find it among the documents, people on standard error.</summary>
    /// <param name="problem">What the server said.</param>
    /// <param name="instead">How it goes on, as a whole sentence.</param>
    public void Missed(ApiProblem problem, string instead)
    {
        Document(new JsonObject { ["missed"] = WithoutAbsent(Described(problem, problem.Remedy)) });
        Note($"{problem.Title}. {instead}");
        foreach (var field in problem.Fields)
        {
            Note($"  {field.Field}: {field.Message}");
        }
    }

    /// <summary>What a problem ends with.</summary>
    public static int CodeOf(ApiProblem problem) => problem switch
    {
        { Status: 401 or 403 } => ExitCodes.NotAllowed,
        { Code: "tenant_required" } => ExitCodes.Usage,
        _ => ExitCodes.Wrong,
    };

    private int Refused(ApiProblem problem)
    {
        var code = CodeOf(problem);
        var remedy = RemedyOf(problem);
        Fail(Described(problem, remedy), code);
        Complain(problem.Title, problem.Detail, remedy, [.. problem.Fields.Select(field => $"{field.Field}: {field.Message}")], problem.TraceId);
        return code;
    }

    // The API speaks of headers and parameters; who uses a command gives keys and tenants in other ways.
    private string? RemedyOf(ApiProblem problem) => problem switch
    {
        { Code: "tenant_required" } => "Say for which tenant you act with --tenant or CHANNELS_TENANT, or use a key of that tenant.",
        { Status: 401 } when KeyFrom is null => $"No key was given. {HowToGiveAKey}",
        { Status: 401 } => $"The server refuses the key {KeyFrom}; it may have been revoked, or be another server's. {HowToGiveAKey}",
        _ => problem.Remedy,
    };

    private int Unreachable(string reason) =>
        Ended(reason, "Check --url (or CHANNELS_URL, or what 'channels setup' wrote), and that the server runs.", ExitCodes.Unreachable);

    private int Ended(string what, string? remedy, int code)
    {
        Fail(new JsonObject { ["title"] = what, ["remedy"] = remedy }, code);
        Complain(what, null, remedy);
        return code;
    }

    private static JsonObject Described(ApiProblem problem, string? remedy) => new()
    {
        ["title"] = problem.Title,
        ["code"] = problem.Code,
        ["status"] = problem.Status,
        ["detail"] = problem.Detail,
        ["remedy"] = remedy,
        ["errors"] = problem.Fields.IsEmpty ? null : new JsonArray([.. problem.Fields.Select(field => new JsonObject { ["field"] = field.Field, ["message"] = field.Message })]),
        ["trace_id"] = problem.TraceId,
        ["cursor"] = problem.Cursor,
    };

    private void Fail(JsonObject what, int code) => Document(new JsonObject { ["error"] = WithoutAbsent(what), ["exit_code"] = code });

    private static JsonObject WithoutAbsent(JsonObject what)
    {
        foreach (var absent in what.Where(member => member.Value is null).Select(member => member.Key).ToList())
        {
            what.Remove(absent);
        }

        return what;
    }

    private void Complain(string title, string? detail, string? remedy, IReadOnlyList<string>? fields = null, string? traceId = null)
    {
        if (json)
        {
            return;
        }

        Note($"error: {title}{(title.EndsWith('.') || title.EndsWith('?') ? "" : ".")}");
        foreach (var line in new[] { detail }.Concat(fields ?? []).Append(remedy is null ? null : $"To do: {remedy}").Append(traceId is null ? null : $"Trace id: {traceId}"))
        {
            if (line is not null)
            {
                Note($"  {line}");
            }
        }
    }

    private string Shown(string text) => WithoutSecrets(Plain.Of(text));

    private string WithoutSecrets(string text) => _secrets.Aggregate(text, (left, secret) =>
        left.Replace(secret, "[hidden]", StringComparison.Ordinal).Replace(JsonEncodedText.Encode(secret, Json.Encoder).ToString(), "[hidden]", StringComparison.Ordinal));

    /// <summary>A time as people read it.</summary>
    public static string Time(string? written) =>
        DateTimeOffset.TryParse(written, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.ToUniversalTime().ToString("u", CultureInfo.InvariantCulture) : "unknown";
}
