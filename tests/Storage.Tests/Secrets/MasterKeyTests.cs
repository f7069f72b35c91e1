using System.Security.Cryptography;
using Channels.Storage.Secrets;
using Channels.Storage.Tenants;
using Channels.Testing;

namespace Channels.Storage.Tests.Secrets;

public sealed class MasterKeyTests : IDisposable
{
    private readonly TemporaryDirectory _data = TemporaryDirectory.Create();

    public void Dispose() => _data.Dispose();

    [Fact]
    public void A_key_is_made_once_and_only_its_owner_may_read_it()
    {
        var options = new KeyOptions { DataDirectory = _data.Path };
        var wrapped = MasterKey.Load(options).Wrap("data"u8, "row"u8);

        Assert.Equal("data"u8.ToArray(), MasterKey.Load(options).Unwrap(wrapped, "row"u8));
        Assert.True(OperatorKey.Load(options).Matches(File.ReadAllText(_data.Combine("operator.key")).Trim()));
        if (!OperatingSystem.IsWindows())
        {
            foreach (var file in new[] { "master.key", "operator.key" })
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_data.Combine(file)));
            }
        }
    }

    [Theory]
    [InlineData("not base64!", "not base64")]
    [InlineData("c2hvcnQ=", "5 bytes")]
    public void A_key_that_is_none_stops_the_start_names_its_field_and_is_not_shown(string key, string problem)
    {
        var failure = Assert.Throws<KeyException>(() => MasterKey.Load(new KeyOptions { DataDirectory = _data.Path, MasterKey = key }));

        Assert.Contains("Channels:MasterKey", failure.Message, StringComparison.Ordinal);
        Assert.Contains(problem, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(key, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_key_file_stops_the_start_and_is_named()
    {
        File.WriteAllText(_data.Combine("master.key"), "half a k");

        var failure = Assert.Throws<KeyException>(() => MasterKey.Load(new KeyOptions { DataDirectory = _data.Path }));

        Assert.Contains(_data.Combine("master.key"), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_that_lets_no_key_be_made_is_named_together_with_its_setting()
    {
        // Opening a directory as a file is refused as a file without rights is, to root as well.
        Directory.CreateDirectory(_data.Combine("keys.lock"));

        var failure = Assert.Throws<KeyException>(() => MasterKey.Load(new KeyOptions { DataDirectory = _data.Path }));

        Assert.IsType<UnauthorizedAccessException>(failure.InnerException);
        Assert.Contains(_data.Combine("master.key"), failure.Message, StringComparison.Ordinal);
        Assert.Contains("Channels__DataDirectory", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_many_that_start_at_once_all_get_the_same_key()
    {
        for (var round = 0; round < 50; round++)
        {
            var options = new KeyOptions { DataDirectory = _data.Combine($"start-{round}") };
            using var together = new Barrier(8);

            var keys = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    together.SignalAndWait();
                    return MasterKey.Load(options);
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)));

            var wrapped = keys[0].Wrap("data"u8, "row"u8);
            Assert.All(keys, key => Assert.Equal("data"u8.ToArray(), key.Unwrap(wrapped, "row"u8)));
        }
    }

    [Fact]
    public void What_was_wrapped_opens_for_no_other_key_row_or_byte()
    {
        var key = MasterKey.Load(new KeyOptions { DataDirectory = _data.Path });
        var other = MasterKey.Load(new KeyOptions { MasterKey = Convert.ToBase64String(new byte[32]) });
        var wrapped = key.Wrap("data"u8, "row"u8);

        Assert.ThrowsAny<CryptographicException>(() => other.Unwrap(wrapped, "row"u8));
        Assert.ThrowsAny<CryptographicException>(() => key.Unwrap(wrapped, "another"u8));
        for (var position = 0; position < wrapped.Length; position++)
        {
            var changed = wrapped.ToArray();
            changed[position] ^= 1;
            Assert.ThrowsAny<CryptographicException>(() => key.Unwrap(changed, "row"u8));
        }

        Assert.ThrowsAny<CryptographicException>(() => key.Unwrap(wrapped.AsSpan(0, 10), "row"u8));
    }
}
