using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Fetches files that people sent, and hands over files to be sent.</summary>
internal sealed class WhatsAppCloudMedia(WhatsAppCloudApi api)
{
    /// <summary>A hundred megabytes, the most there are, at a megabyte a second and something for the connection.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(2);

    private const string Ogg = "audio/ogg";

    private static readonly TimeSpan _again = TimeSpan.FromSeconds(30);

    // The token goes along: to Meta only, whatever an answer names.
    private static readonly string[] _hosts = [".fbsbx.com", ".facebook.com", ".fbcdn.net", ".whatsapp.net"];

    /// <summary>The address behind an id is good for five minutes, the id for seven days.</summary>
    public async Task<MediaFetchOutcome> FetchAsync(Connection connection, MediaReference media, Stream destination, CancellationToken cancellationToken)
    {
        if (WhatsAppCloudSettings.Read(connection) is not { } settings || media.Id is not { } id)
        {
            return new MediaFetchOutcome.Gone("the settings or the file's id are missing");
        }

        using var found = await api.CallAsync(
            settings, HttpMethod.Get, settings.CallTo(id, query: $"?phone_number_id={settings.PhoneNumberId}"), (HttpContent?)null, settings.SendTimeout, cancellationToken);
        if (!found.IsSuccess)
        {
            return Failed(settings, found);
        }

        if (!Uri.TryCreate(found.Body.Text("url"), UriKind.Absolute, out var address) || !IsMetas(settings, address))
        {
            return new MediaFetchOutcome.Gone("Meta names no address of its own for the file");
        }

        using var fetched = await api.DownloadAsync(settings, address, destination, _limit, cancellationToken);
        return fetched.IsSuccess ? new MediaFetchOutcome.Fetched(found.Body.Filled("mime_type")) : Failed(settings, fetched);
    }

    /// <summary>The answer holds the id under which the file can be sent for thirty days.</summary>
    public Task<WhatsAppCloudAnswer> UploadAsync(WhatsAppCloudSettings settings, OutboundContent.File file, Stream content, CancellationToken cancellationToken)
    {
        var mime = TypeOf(MediaTypeHeaderValue.TryParse(file.Mime, out var known) ? known.MediaType! : MimeOf(file.Form));
        var boundary = RandomNumberGenerator.GetHexString(32);
        var form = new MultipartFormDataContent(boundary)
        {
            Part(new StringContent("whatsapp"), "messaging_product"),
            Part(new StringContent(mime.ToString()), "type"),
            Part(new StreamContent(content) { Headers = { ContentType = mime } }, "file", NameOf(file)),
        };

        // In quotes it is right as well, and not everybody reads it.
        form.Headers.ContentType = MediaTypeHeaderValue.Parse($"multipart/form-data; boundary={boundary}");
        return api.CallAsync(settings, HttpMethod.Post, settings.CallTo(settings.PhoneNumberId, "media"), form, _limit, cancellationToken);
    }

    // Names in quotes: .NET leaves them out where it may, and not everybody reads that.
    private static HttpContent Part(HttpContent content, string name, string? fileName = null)
    {
        content.Headers.ContentDisposition = new ContentDispositionHeaderValue("form-data") { Name = $"\"{name}\"", FileName = fileName is null ? null : $"\"{fileName}\"" };
        return content;
    }

    // What the recipient sees goes along with the message; here plain letters are enough.
    private static string NameOf(OutboundContent.File file)
    {
        var name = string.Concat((file.FileName ?? "").Where(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_'));
        return name.Length is > 0 and <= 100 ? name : "file";
    }

    // Of Ogg Meta takes Opus alone, and wants to be told.
    private static MediaTypeHeaderValue TypeOf(string type) => MediaTypeHeaderValue.Parse(type.Equals(Ogg, StringComparison.OrdinalIgnoreCase) ? $"{Ogg}; codecs=opus" : type);

    private static string MimeOf(FileForm form) => form switch
    {
        FileForm.Image => "image/jpeg",
        FileForm.Video => "video/mp4",
        FileForm.Audio => "audio/mpeg",
        FileForm.Voice => Ogg,
        FileForm.Sticker => "image/webp",
        _ => "application/octet-stream",
    };

    private static bool IsMetas(WhatsAppCloudSettings settings, Uri address) =>
        (address.Scheme == Uri.UriSchemeHttps && _hosts.Any(host => address.Host.EndsWith(host, StringComparison.OrdinalIgnoreCase)))
        || (Uri.TryCreate(settings.BaseUrl, UriKind.Absolute, out var own) && own.Scheme == address.Scheme && own.Authority == address.Authority);

    private static MediaFetchOutcome Failed(WhatsAppCloudSettings settings, WhatsAppCloudAnswer answer)
    {
        var words = Secrecy.Hide(answer.Status is null ? answer.Trouble : $"Meta answers {(int)answer.Status}: {answer.Said}", settings.AccessToken);
        return answer is { Status: HttpStatusCode.NotFound or HttpStatusCode.Gone } or { Error.Meaning: WhatsAppMetaMeaning.BadRequest }
            ? new MediaFetchOutcome.Gone(words)
            : new MediaFetchOutcome.TryLater(answer.RetryAfter ?? _again, words);
    }
}
