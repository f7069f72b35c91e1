using System.ComponentModel.DataAnnotations;

namespace Channels.Storage.Maintenance;

/// <summary>How long what has been dealt with is kept. What has not is kept whatever its age, but for what belongs to no channel at all.</summary>
public sealed class RetentionOptions
{
    /// <summary>Where it is configured.</summary>
    public const string Section = "Channels:Retention";

    /// <summary>Days that messages are kept from when they were recorded, and the files that came with them. They go by whole weeks, up to seven days later.</summary>
    /// <value>Default: unset, for ever: nobody's messages are deleted unasked.</value>
    [Range(1, 36_500, ErrorMessage = "Channels__Retention__MessageDays must be 1 to 36500 days, or unset to keep messages for ever.")]
    public int? MessageDays { get; set; }

    /// <summary>Days that a message is known again when its provider repeats it.</summary>
    /// <value>Default: 30, well beyond the seven days that Meta goes on repeating.</value>
    [Range(7, 3_650, ErrorMessage = "Channels__Retention__DuplicateDays must be 7 to 3650 days: providers repeat webhooks for up to seven days, and a message that is not known again is processed twice.")]
    public int DuplicateDays { get; set; } = 30;

    /// <summary>Days that events can be read again. They go by whole weeks, up to seven days later.</summary>
    /// <value>Default: 28, so that a program may stand still over a holiday.</value>
    [Range(1, 3_650, ErrorMessage = "Channels__Retention__EventDays must be 1 to 3650 days.")]
    public int EventDays { get; set; } = 28;

    /// <summary>Days that parts of webhooks which belong to no channel are kept for the operator. What goes is counted by what it named.</summary>
    /// <value>Default: 90: a channel that nobody has made in three months is not wanted, and the provider has long stopped repeating.</value>
    [Range(7, 3_650, ErrorMessage = "Channels__Retention__UnroutedDays must be 7 to 3650 days.")]
    public int UnroutedDays { get; set; } = 90;

    /// <summary>How many of them there may be; beyond it the oldest go before their time, within an hour.</summary>
    /// <value>Default: a million: the list by what they name still answers within seconds.</value>
    [Range(1_000, 100_000_000, ErrorMessage = "Channels__Retention__UnroutedRows must be 1000 to 100000000.")]
    public long UnroutedRows { get; set; } = 1_000_000;

    /// <summary>How many megabytes (of 1,048,576 bytes) their bodies may have together; likewise.</summary>
    /// <value>Default: 1024, so that one forgotten account cannot fill a disk.</value>
    [Range(1, 1_000_000, ErrorMessage = "Channels__Retention__UnroutedMegabytes must be 1 to 1000000.")]
    public long UnroutedMegabytes { get; set; } = 1_024;
}
