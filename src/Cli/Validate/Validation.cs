using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Cli.Api;
using Channels.Cli.Output;

namespace Channels.Cli.Validate;

/// <summary>What the server thinks of a channel's settings.</summary>
/// <param name="IsValid">Whether a channel could be made with them.</param>
/// <param name="Complaints">All of them at once.</param>
/// <param name="HasCheckedConnection">Whether the provider was asked as well.</param>
/// <param name="Found">What was found at the provider, where it was asked.</param>
internal sealed record Validation(bool IsValid, ImmutableArray<Complaint> Complaints, bool HasCheckedConnection, string? Found)
{
    /// <summary>Asks the server; with a channel, as a change of that channel, whose other settings are kept.</summary>
    public static async Task<ApiAnswer> AskAsync(ApiClient api, string kind, JsonObject settings, bool checkConnection, Guid? channel, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["channel_type"] = kind, ["config"] = settings.DeepClone(), ["check_connection"] = checkConnection };
        if (channel is not null)
        {
            body["channel_id"] = channel.ToString();
        }

        return api.Expect(
            await api.PostAsync("/api/channels/validate", body, checkConnection ? ApiClient.ForProviders : TimeSpan.Zero, cancellationToken), answer => answer.Member("valid").ValueKind is JsonValueKind.True or JsonValueKind.False);
    }

    public static Validation Of(JsonElement answer) => new(
        answer.IsTrue("valid"), [.. answer.Items("complaints").Select(Complaint.Of)], answer.IsTrue("checked_connection"), answer.Text("found"));

    /// <summary>Says it to people.</summary>
    public void Tell(Report report, string kind)
    {
        foreach (var complaint in Complaints)
        {
            report.Line(complaint.ToString());
        }

        report.Line(IsValid ? $"The settings for {kind} are valid." : $"The settings for {kind} are not valid.");
        if (HasCheckedConnection)
        {
            report.Line(Found is null ? "The provider was asked." : $"The provider was asked: {Found}");
        }
    }
}

/// <summary>One thing that is wrong.</summary>
internal sealed record Complaint(string Field, string Rule, string Message, string Remedy)
{
    public static Complaint Of(JsonElement complaint) =>
        new(complaint.Text("field") ?? "", complaint.Text("rule") ?? "", complaint.Text("message") ?? "", complaint.Text("remedy") ?? "");

    /// <summary>Whether it is about this setting, or a member of it.</summary>
    public bool IsAbout(string setting) => Field == setting || Field.StartsWith($"{setting}.", StringComparison.Ordinal);

    public override string ToString() => $"{(Field.Length > 0 ? Field : "settings")}: {Message.TrimEnd('.')}{(Remedy.Length > 0 ? $"; {Remedy.TrimEnd('.')}" : "")}.";
}
