using QRCoder;

namespace Channels.Api.Pairing;

/// <summary>Draws a code where the provider gives only its text.</summary>
internal static class QrPicture
{
    private const int PixelsPerModule = 8;

    /// <summary>A PNG as data URL, dark on light with its quiet zone, as scanners want it; null for no text, or one too long for a QR code.</summary>
    public static string? Of(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        try
        {
            using var generator = new QRCodeGenerator();
            using var code = generator.CreateQrCode(text, QRCodeGenerator.ECCLevel.L);
            using var picture = new PngByteQRCode(code);
            return $"data:image/png;base64,{Convert.ToBase64String(picture.GetGraphic(PixelsPerModule))}";
        }
        catch (QRCoder.Exceptions.DataTooLongException)
        {
            // The raw text is shown all the same.
            return null;
        }
    }
}
