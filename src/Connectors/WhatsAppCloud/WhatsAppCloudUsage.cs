using System.Net.Http.Headers;
using System.Text.Json;
using Channels.Connectors.Json;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>How much of what Meta allows for calls is spent, as its answers' headers say: <c>X-Business-Use-Case-Usage</c> for the business account, <c>X-App-Usage</c> for the app.</summary>
/// <param name="Percent">The fullest of the budgets, 0 to 100 and beyond; null where nothing was said.</param>
/// <param name="BlockedFor">Until calls are taken again, where they are not.</param>
internal readonly record struct WhatsAppCloudUsage(int? Percent, TimeSpan? BlockedFor)
{
    private static readonly string[] _counts = ["call_count", "total_cputime", "total_time"];

    public static WhatsAppCloudUsage Read(HttpResponseHeaders headers)
    {
        int? percent = null;
        double minutes = 0;
        foreach (var one in EntriesIn(headers, "X-Business-Use-Case-Usage").Concat(EntriesIn(headers, "X-App-Usage")))
        {
            foreach (var name in _counts)
            {
                if (one.Number(name) is { } count && count is >= 0 and <= 100_000 && (percent is null || count > percent))
                {
                    percent = (int)count;
                }
            }

            minutes = Math.Max(minutes, one.Number("estimated_time_to_regain_access") ?? 0);
        }

        return new(percent, minutes > 0 ? TimeSpan.FromMinutes(Math.Min(minutes, 24 * 60)) : null);
    }

    // By business account, each with one entry for every use: {"600…":[{"type":"whatsapp","call_count":28,…}]}. Of the app there is one: {"call_count":28,…}.
    private static List<JsonElement> EntriesIn(HttpResponseHeaders headers, string name)
    {
        var found = new List<JsonElement>();
        foreach (var text in headers.TryGetValues(name, out var values) ? values : [])
        {
            using var document = JsonBody.TryRead(System.Text.Encoding.UTF8.GetBytes(text), out _);
            if (document is null || !document.RootElement.IsObject())
            {
                continue;
            }

            found.Add(document.RootElement.Clone());
            found.AddRange(document.RootElement.EnumerateObject().SelectMany(member => WhatsAppCloudValues.Items(member.Value)).Where(item => item.IsObject()).Select(item => item.Clone()));
        }

        return found;
    }
}
