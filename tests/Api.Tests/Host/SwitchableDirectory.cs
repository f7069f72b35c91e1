using Channels.Core;
using Channels.Core.Channels;
using Channels.Core.Ids;

namespace Channels.Api.Tests.Host;

/// <summary>The real directory, until a test says which channel it cannot look up.</summary>
internal sealed class SwitchableDirectory(IChannelDirectory real) : IChannelDirectory
{
    public AccountId? Away { get; set; }

    public ValueTask<ChannelEntry?> FindAsync(AccountId account, CancellationToken cancellationToken) =>
        account == Away ? throw new StoreUnavailableException("The channel cannot be looked up now.", new TimeoutException()) : real.FindAsync(account, cancellationToken);

    public void Forget(AccountId account) => real.Forget(account);
}
