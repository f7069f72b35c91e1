using Channels.Core.Ids;

namespace Channels.Core.Tests.Ids;

public sealed class IdSourceTests
{
    [Fact]
    public void No_id_is_smaller_than_the_floor_of_a_moment_before_1970() =>
        Assert.Equal(Guid.Empty, IdSource.Floor(new(1926, 1, 1, 0, 0, 0, TimeSpan.Zero)));
}
