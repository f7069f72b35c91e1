using System.Globalization;
using System.Text;

namespace Channels.Bench.Load;

/// <summary>One channel's webhook as bytes: a whole HTTP request in which only contact, message id and text change, in place.</summary>
internal sealed class WebhookTemplate
{
    private const string Phone = "447700900321";
    private const string MessageId = "3B000000000000000000";
    private const string Text = "text 0000000000";
    private static readonly string _body = ReadBody();

    private readonly byte[] _request;
    private readonly int _phoneAt;
    private readonly int _idAt;
    private readonly int _textAt;

    public WebhookTemplate(Uri address, string path, string secret)
    {
        var head = $"POST {path} HTTP/1.1\r\nHost: {address.Authority}\r\nAccept: application/json, text/plain, */*\r\nContent-Type: application/json\r\n"
            + $"apikey: {secret}\r\nUser-Agent: axios/1.7.9\r\nContent-Length: {BodyLength}\r\nAccept-Encoding: gzip, compress, deflate, br\r\nConnection: keep-alive\r\n\r\n";
        _request = Encoding.UTF8.GetBytes(head + _body);
        _phoneAt = Find(Phone);
        _idAt = Find(MessageId);
        _textAt = Find(Text) + "text ".Length;
    }

    /// <summary>Bytes of one body.</summary>
    public static int BodyLength => Encoding.UTF8.GetByteCount(_body);

    /// <summary>The body of one message by itself.</summary>
    public static byte[] Body(int contact, long number)
    {
        var request = new WebhookTemplate(new Uri("http://127.0.0.1"), "/", "");
        var whole = new byte[request.Length];
        request.Write(whole, contact, number);
        return whole[^BodyLength..];
    }

    /// <summary>Bytes of one request.</summary>
    public int Length => _request.Length;

    /// <summary>The text of a message, as the provider will see it in an echo.</summary>
    public static string TextOf(long number) => string.Create(CultureInfo.InvariantCulture, $"text {number:D10}");

    /// <summary>The phone number of a contact.</summary>
    public static string PhoneOf(int contact) => string.Create(CultureInfo.InvariantCulture, $"44{contact:D10}");

    /// <summary>Writes the request for one message.</summary>
    public void Write(Span<byte> target, int contact, long number)
    {
        _request.CopyTo(target);
        Digits(target.Slice(_phoneAt + 2, Phone.Length - 2), contact);
        Digits(target.Slice(_idAt + 2, MessageId.Length - 2), Scattered(number));
        Digits(target.Slice(_textAt, 10), number);
    }

    // WhatsApp's ids are chosen at random by the sender's device: an index over them is written to all over, not at its end. No two numbers get the same.
    private static long Scattered(long number) => (long)((UInt128)number * 618_033_988_749_894_849 % 1_000_000_000_000_000_000);

    private static void Digits(Span<byte> target, long value)
    {
        for (var i = target.Length - 1; i >= 0; i--)
        {
            (value, var digit) = Math.DivRem(value, 10);
            target[i] = (byte)('0' + digit);
        }
    }

    private int Find(string what) => _request.AsSpan().IndexOf(Encoding.UTF8.GetBytes(what)) is >= 0 and var at ? at : throw new InvalidOperationException($"text.json has no {what}.");

    private static string ReadBody()
    {
        using var reader = new StreamReader(typeof(WebhookTemplate).Assembly.GetManifestResourceStream("text.json")!);
        return reader.ReadToEnd().TrimEnd();
    }
}
