using Channels.Core.Connectors;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>What WhatsApp takes of buttons and lists. Meta refuses the rest as an "invalid parameter" without saying which.</summary>
internal static class WhatsAppCloudChoices
{
    private const int LongestLine = 60;
    private const int MostButtons = 3;
    private const int LongestButton = 20;
    private const int LongestButtonId = 256;
    private const int MostRows = 10;
    private const int LongestRow = 24;
    private const int LongestDescription = 72;
    private const int LongestRowId = 200;

    /// <summary>What is wrong with it; null when nothing is.</summary>
    public static SendOutcome.Refused? Complaint(OutboundContent.Interactive choice) =>
        TooLong("the header", choice.Header, LongestLine)
        ?? TooLong("the footer", choice.Footer, LongestLine)
        ?? (choice.Buttons.IsDefaultOrEmpty ? ComplaintOfList(choice) : ComplaintOfButtons(choice));

    private static SendOutcome.Refused? ComplaintOfButtons(OutboundContent.Interactive choice)
    {
        if (choice.Buttons.Length > MostButtons)
        {
            return new("too-large", $"there are {choice.Buttons.Length} buttons; WhatsApp takes {MostButtons}. Use a list for more");
        }

        if (choice.Buttons.Select(button => button.Title).Distinct(StringComparer.Ordinal).Count() < choice.Buttons.Length)
        {
            return new("unsupported-content", "two buttons have the same title; WhatsApp takes no such message");
        }

        return First(choice.Buttons, (button, at) => TooLong($"the title of buttons[{at}]", button.Title, LongestButton) ?? TooLong($"the id of buttons[{at}]", button.Id, LongestButtonId));
    }

    private static SendOutcome.Refused? ComplaintOfList(OutboundContent.Interactive choice)
    {
        var rows = choice.Sections.Sum(section => section.Rows.Length);
        if (rows > MostRows)
        {
            return new("too-large", $"the list has {rows} rows; WhatsApp takes {MostRows} over all sections");
        }

        if (choice.Sections.Length > 1 && choice.Sections.Any(section => string.IsNullOrEmpty(section.Title)))
        {
            return new("unsupported-content", "a section has no title; WhatsApp wants one for each where there are several");
        }

        return TooLong("the word that opens the list", choice.ListLabel, LongestButton)
            ?? First(choice.Sections, (section, at) => TooLong($"the title of sections[{at}]", section.Title, LongestRow) ?? First(section.Rows, (row, below) => ComplaintOfRow(row, $"sections[{at}].rows[{below}]")));
    }

    private static SendOutcome.Refused? ComplaintOfRow(OutboundRow row, string which) =>
        TooLong($"the title of {which}", row.Title, LongestRow)
        ?? TooLong($"the description of {which}", row.Description, LongestDescription)
        ?? TooLong($"the id of {which}", row.Id, LongestRowId);

    private static SendOutcome.Refused? First<T>(IEnumerable<T> items, Func<T, int, SendOutcome.Refused?> complain) => items.Select(complain).FirstOrDefault(complaint => complaint is not null);

    // An emoji counts as one: what may be too long by another count, Meta is asked.
    private static SendOutcome.Refused? TooLong(string what, string? text, int longest) =>
        text?.EnumerateRunes().Count() is { } length && length > longest ? new("text-too-long", $"{what} has {length} characters; WhatsApp takes {longest}") : null;
}
