using System.Collections.Immutable;
using System.Text.Json;
using Channels.Cli.Api;

namespace Channels.Cli.Healthcheck;

/// <summary>A channel's status as the server tells it.</summary>
internal sealed record ChannelState(string Id, string Name, string Kind, string Status, string? Code, string? Reason, string? Since, string? NextStep)
{
    /// <summary>The status, here alone, of a channel that was looked for and does not exist.</summary>
    public const string Missing = "missing";

    /// <summary>Why nothing of it is answered or sent, whatever its status: its tenant is suspended.</summary>
    public Holding? Hold { get; init; }

    /// <summary>Whether it is switched on and connected. Beside that a code may say that nothing gets in or out all the same.</summary>
    public bool IsActive => Status == "active";

    /// <summary>Whether somebody has to do something about it.</summary>
    public bool IsInTrouble => !IsOffOnPurpose && (!IsActive || Code is not null || Hold is not null);

    /// <summary>Whether there is such a channel at all.</summary>
    public bool IsThere => Status != Missing;

    /// <summary>Whether somebody wanted it so.</summary>
    public bool IsOffOnPurpose => Status is "inactive" or "disabled" or "archived";

    public static ChannelState Of(JsonElement channel) => new(
        channel.Text("id") ?? "", channel.Text("name") ?? "", channel.Text("channel_type") ?? "", channel.Text("status") ?? "unknown",
        channel.Text("status_code"), channel.Text("status_reason"), SinceOf(channel), channel.Text("next_step"))
    {
        Hold = channel.Member("hold") is { ValueKind: JsonValueKind.Object } hold ? Holding.Of(hold) : null,
    };

    // Beside active the status' own moment is when it became active, which says nothing of what is wrong.
    private static string? SinceOf(JsonElement channel) => channel.Text("status") == "active" && channel.Text("status_code") is not null
        ? channel.Text("trouble_since")
        : channel.Text("status_since");
}

/// <summary>What holds everything of a channel up.</summary>
internal sealed record Holding(string? Code, string What, string? Since, string? NextStep)
{
    public static Holding Of(JsonElement hold) => new(hold.Text("reason"), hold.Text("what") ?? "", hold.Text("since"), hold.Text("next_step"));
}

/// <summary>Reads channels.</summary>
internal static class ChannelReading
{
    private const int PageSize = 200;

    /// <summary>All channels of the tenant, or why they could not be read.</summary>
    public static async Task<(ImmutableArray<ChannelState> Channels, ApiAnswer? Failure)> AllAsync(ApiClient api, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, ChannelState>(StringComparer.Ordinal);
        for (var page = 1; ; page++)
        {
            var answer = api.Expect(await api.GetAsync($"/api/v1/channels?page={page}&limit={PageSize}", cancellationToken), list => list.HasItems("channels"));
            if (answer is not ApiAnswer.Done { Body: var body })
            {
                return ([], answer);
            }

            // Newest first: one that is made meanwhile moves the last of a page to the next, where it comes again.
            var read = 0;
            foreach (var channel in body.Items("channels").Select(ChannelState.Of))
            {
                found[channel.Id] = channel;
                read++;
            }

            if (read == 0 || (long)page * (body.Number("limit") ?? PageSize) >= (body.Number("total") ?? 0))
            {
                return ([.. found.Values], null);
            }
        }
    }

    /// <summary>These channels, or the first failure.</summary>
    public static async Task<(ImmutableArray<ChannelState> Channels, ApiAnswer? Failure)> TheseAsync(ApiClient api, ImmutableArray<Guid> ids, CancellationToken cancellationToken)
    {
        var channels = ImmutableArray.CreateBuilder<ChannelState>();
        foreach (var id in ids.Distinct())
        {
            var answer = api.Expect(await api.GetAsync($"/api/v1/channels/{id}", cancellationToken), one => one.Text("status") is not null);
            if (answer is ApiAnswer.Done { Body: var body })
            {
                channels.Add(ChannelState.Of(body));
            }
            else if (answer is ApiAnswer.Refused { Problem.Code: "not_found" })
            {
                // Looked for and not there is a finding, as one in trouble is: the others are still looked at.
                channels.Add(new($"{id}", "", "", ChannelState.Missing, "not_found", "there is no such channel", null, "Check the id; it may have been deleted, or belong to another tenant."));
            }
            else
            {
                return ([], answer);
            }
        }

        return (channels.ToImmutable(), null);
    }
}
