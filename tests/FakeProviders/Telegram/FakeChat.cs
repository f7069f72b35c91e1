namespace Channels.FakeProviders.Telegram;

/// <summary>A chat the bot knows.</summary>
/// <param name="id">Its id; negative for groups.</param>
/// <param name="type"><c>private, group, supergroup, channel</c>.</param>
/// <param name="name">The person's or the group's name.</param>
public sealed class FakeChat(long id, string type, string name)
{
    private int _messages;

    public long Id => id;

    public string Type => type;

    public string Name => name;

    /// <summary>Why it takes nothing from the bot: the words of the 403; null when it does.</summary>
    public string? Refuses { get; set; }

    /// <summary>The supergroup it has become.</summary>
    public long? MigratedTo { get; set; }

    /// <summary>Which second it is, and how many were sent to it in it.</summary>
    internal (long Second, int Count) Sent { get; set; }

    /// <summary>Messages are numbered per chat.</summary>
    public int NextMessage() => Interlocked.Increment(ref _messages);

    public bool Has(int message) => message >= 1 && message <= Volatile.Read(ref _messages);

    /// <summary>As it stands in messages.</summary>
    public object Shown() => type == "private" ? new { id, first_name = name, type } : new { id, title = name, type };
}
