using System.ComponentModel.DataAnnotations;

namespace Channels.Storage.Maintenance;

/// <summary>How long what has been dealt with is kept. What has not is kept whatever its age.</summary>
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
}
