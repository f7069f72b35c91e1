using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Channels.Running;

/// <summary>A channel of the product, from outside: its webhook's door and what the API shows of it.</summary>
internal sealed class Channel(ChannelsClient api, Guid id, Uri webhookUrl, string secret)
{
    public Guid Id { get; } = id;

    public Uri WebhookUrl { get; } = webhookUrl;

    public string Secret { get; } = secret;

    public ChannelsClient Api { get; } = api;

    private string Path => $"/api/v1/channels/{Id}";

    public Task<JsonElement> StateAsync() => Api.GetAsync(Path);

    public async Task<string> StatusAsync() => (await StateAsync()).GetProperty("status").GetString()!;

    public Task<JsonElement> DeactivateAsync() => Api.PostAsync($"{Path}/deactivate");

    public Task<JsonElement> ActivateAsync() => Api.PostAsync($"{Path}/activate");

    public async Task<Metrics> MetricsAsync() => (await Api.GetAsync($"{Path}/metrics")).Deserialize<Metrics>(ChannelsClient.Json)!;

    /// <summary>The simulator's contact writes. Throws when it was not taken.</summary>
    public Task SimulateAsync(string from, string text, string? messageId = null) => Api.PostAsync($"{Path}/simulate", new { from, text, message_id = messageId });

    /// <summary>The same, whatever is answered.</summary>
    public Task<Answer> AttemptSimulateAsync(string from, string text, string messageId) =>
        Api.AskAsync(HttpMethod.Post, $"{Path}/simulate", JsonContent.Create(new { from, text, message_id = messageId }));

    public async Task<JsonElement> PreviewAsync(byte[] body) =>
        (await Api.AskAsync(HttpMethod.Post, $"{Path}/preview", Raw(body))).Json;

    /// <summary>Posts to its webhook, with its secret unless another is given.</summary>
    public Task<Answer> PostWebhookAsync(byte[] body, string? presented = null, string path = "") =>
        Api.AskAsync(HttpMethod.Post, WebhookUrl.AbsolutePath + path, Raw(body), ("apikey", presented ?? Secret));

    /// <summary>As the gateway posts: 200 or it throws.</summary>
    public async Task DeliverAsync(byte[] body)
    {
        var answer = await PostWebhookAsync(body);
        if (answer.Status != HttpStatusCode.OK)
        {
            throw new HttpRequestException($"The webhook was answered {(int)answer.Status}: {answer.Body}", null, answer.Status);
        }
    }

    /// <summary>The newest messages of a contact's conversation as the API shows them, fields of one kind included; empty when there is no conversation yet.</summary>
    public async Task<IReadOnlyList<JsonElement>> RawMessagesWithAsync(string contact)
    {
        var conversation = (await ConversationsAsync()).FirstOrDefault(one => one.Contact.Id == contact);
        return conversation is null ? [] : [.. (await Api.GetAsync($"/api/v1/conversations/{conversation.Id}/messages")).GetProperty("messages").EnumerateArray()];
    }

    /// <summary>Its conversations, all pages.</summary>
    public async Task<IReadOnlyList<Conversation>> ConversationsAsync() =>
        [.. (await PagesAsync<Conversation>($"/api/v1/conversations?channel_id={Id}", "conversations")).SelectMany(page => page)];

    public async Task<Conversation> ConversationAsync(string contact) =>
        Assert.Single(await ConversationsAsync(), conversation => conversation.Contact.Id == contact || conversation.Contact.Aliases.Contains(contact));

    /// <summary>A conversation's messages in order, all pages.</summary>
    public async Task<IReadOnlyList<Message>> MessagesAsync(Guid conversation) =>
        [.. (await PagesAsync<Message>($"/api/v1/conversations/{conversation}/messages?", "messages")).Reverse().SelectMany(page => page)];

    /// <summary>The messages with one contact; none when it is not known yet.</summary>
    public async Task<IReadOnlyList<Message>> MessagesWithAsync(string contact) =>
        (await ConversationsAsync()).FirstOrDefault(one => one.Contact.Id == contact || one.Contact.Aliases.Contains(contact)) is { } conversation
            ? await MessagesAsync(conversation.Id)
            : [];

    /// <summary>Returns when nothing of the channel waits any more: webhooks, turns, replies but for so many of unknown outcome.</summary>
    public Task<Metrics> IdleAsync(long webhooksFinished, TimeSpan? within = null, int unknown = 0) => Until.SeenAsync(
        $"channel {Id} to be done with {webhooksFinished} webhooks",
        MetricsAsync,
        now => now.WebhooksFinished + now.WebhooksParked >= webhooksFinished && now is { WebhooksWaiting: 0, TurnsWaiting: 0 } && now.RepliesWaiting == unknown,
        within: within);

    /// <summary>Returns when a turn whose agent answers later is recorded as such: a crash keeps it from then on.</summary>
    public Task<string> OpenAsync(Guid turn) => Until.SeenAsync(
        $"turn {turn} to be open", async () => (await Api.GetAsync($"/api/v1/messages/{turn}/timeline")).ToString(), shown => shown.Contains("may answer until", StringComparison.Ordinal));

    // A full page may have another behind it. "total" does not tell: rows may come between its reading and theirs.
    private async Task<IEnumerable<List<T>>> PagesAsync<T>(string path, string name)
    {
        const int Limit = 200;
        var pages = new List<List<T>>();
        do
        {
            var answer = await Api.GetAsync($"{path}&limit={Limit}&page={pages.Count + 1}");
            pages.Add(answer.GetProperty(name).Deserialize<List<T>>(ChannelsClient.Json)!);
        }
        while (pages[^1].Count == Limit);
        return pages;
    }

    private static ByteArrayContent Raw(byte[] body) => new(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    public static string Shown(IEnumerable<Message> messages) => new StringBuilder().AppendJoin("\n  ", messages.TakeLast(12)).ToString();
}

internal sealed record Contact(string Id, string? Name, string? Phone, IReadOnlyList<string> Aliases);

internal sealed record Conversation(Guid Id, Contact Contact, string ChatType, bool AgentPaused, DateTimeOffset? LastMessageAt);

internal sealed record Message(
    Guid Id, string Direction, string Author, string Kind, string? Text, string Status, string? Reason, string? ProviderMessageId, bool PossiblyDuplicate)
{
    public bool IsIn => Direction == "in";

    public bool IsOut => Direction == "out";
}

internal sealed record Metrics(
    long MessagesReceived, long MessagesSent, long MessagesFailed, long DuplicatesDropped, long WebhooksFinished, long WebhooksParked, long EventsWithoutRow,
    DateTimeOffset? LastMessageAt, DateTimeOffset? LastErrorAt, string? LastError, long WebhooksWaiting, long TurnsWaiting, long RepliesWaiting, long ParkedNow,
    Circuit? Circuit);

internal sealed record Circuit(string State, DateTimeOffset Since, DateTimeOffset? Until, string? Code);
