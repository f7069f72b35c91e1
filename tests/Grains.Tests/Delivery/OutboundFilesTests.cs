using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Media;
using Channels.Core.Outbox;
using Channels.Grains.Delivery;

namespace Channels.Grains.Tests.Delivery;

public sealed class OutboundFilesTests
{
    private static readonly TenantId _owner = new(new Guid(1, 0, 0, new byte[8]));
    private static readonly TenantId _other = new(new Guid(2, 0, 0, new byte[8]));

    [Fact]
    public async Task A_stored_file_can_be_opened_as_often_as_there_are_attempts()
    {
        var message = await MessageOfAsync(_owner);

        await using var first = await message.OpenFileAsync!(CancellationToken.None);
        await using var second = await message.OpenFileAsync!(CancellationToken.None);

        Assert.Equal(3, first!.Length);
        Assert.Equal(3, second!.Length);
    }

    [Fact]
    public async Task Another_tenants_file_cannot_be_sent()
    {
        var message = await MessageOfAsync(_other);

        Assert.Null(await message.OpenFileAsync!(CancellationToken.None));
    }

    [Fact]
    public void A_text_and_a_file_at_an_address_open_nothing()
    {
        var files = new OutboundFiles(new MediaInMemory());

        Assert.Null(files.MessageOf(_owner, Reply(null)).OpenFileAsync);
        Assert.Null(files.MessageOf(_owner, Reply(new OutboundContent.File(FileForm.Image, "https://files.example/a.png", null, null, null))).OpenFileAsync);
    }

    private static async Task<OutboundMessage> MessageOfAsync(TenantId sender)
    {
        var media = new MediaInMemory();
        var reference = await media.SaveAsync(_owner, new byte[] { 1, 2, 3 }, CancellationToken.None);
        return new OutboundFiles(media).MessageOf(sender, Reply(new OutboundContent.File(FileForm.Image, null, reference, "image/png", null)));
    }

    private static QueuedReply Reply(OutboundContent? content) => new(new MessageId(new Guid(3, 0, 0, new byte[8])), new ConversationId(new Guid(4, 0, 0, new byte[8])), "chat", "", null, content);
}

/// <summary>Files in memory, each its owner's alone.</summary>
internal sealed class MediaInMemory : IMediaStore
{
    private readonly Dictionary<(TenantId, string), byte[]> _files = [];

    public Task<string> SaveAsync(TenantId tenant, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var reference = $"file-{_files.Count}";
        _files[(tenant, reference)] = content.ToArray();
        return Task.FromResult(reference);
    }

    public Task<Stream?> OpenAsync(TenantId tenant, string reference, CancellationToken cancellationToken) =>
        Task.FromResult<Stream?>(_files.TryGetValue((tenant, reference), out var content) ? new MemoryStream(content, writable: false) : null);

    public MediaTrouble? FindTrouble() => null;
}
