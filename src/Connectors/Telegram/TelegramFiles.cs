using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Telegram;

/// <summary>Fetches files that people sent: first where one lies, then the file. A file's place is good for an hour; of more than 20 MB Telegram gives none.</summary>
internal sealed class TelegramFiles(TelegramApi api)
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _download = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan _again = TimeSpan.FromSeconds(30);

    public static bool MustFetch(MediaReference media) => media is { Id: { Length: > 0 }, InlineData: null };

    public async Task<MediaFetchOutcome> FetchAsync(Connection connection, MediaReference media, Stream destination, CancellationToken cancellationToken)
    {
        if (TelegramSettings.Read(connection) is not { } settings || media.Id is not { } id)
        {
            return new MediaFetchOutcome.Gone("the bot's token is missing in the settings, or the file has no id");
        }

        var question = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new { file_id = id }));
        using var found = await api.CallAsync(settings, "getFile", question, _limit, cancellationToken);
        if (found.Status is HttpStatusCode.BadRequest)
        {
            return new MediaFetchOutcome.Gone(Secrecy.Hide(TelegramErrors.Said(found, "Telegram does not give it"), settings.Token));
        }

        if (!found.IsSuccess || found.Result.Filled("file_path") is not { } path)
        {
            return new MediaFetchOutcome.TryLater(
                found.RetryAfter ?? _again, found.Status is { } status ? string.Create(CultureInfo.InvariantCulture, $"Telegram answers {(int)status}") : found.Trouble);
        }

        return await api.DownloadAsync(settings, path, destination, _download, cancellationToken) is { } trouble
            ? new MediaFetchOutcome.TryLater(_again, trouble)
            : new MediaFetchOutcome.Fetched();
    }
}
