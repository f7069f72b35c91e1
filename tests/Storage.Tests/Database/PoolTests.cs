using Channels.Storage.Database;
using Npgsql;

namespace Channels.Storage.Tests.Database;

/// <summary>What one process takes of a server leaves room for its own message path, whatever wakes at once.</summary>
public sealed class PoolTests
{
    [Theory]
    [InlineData("", 50)]
    [InlineData(";Maximum Pool Size=30", 30)]
    [InlineData(";MaxPoolSize=100", 100)]
    [InlineData(";Minimum Pool Size=60", 60)]
    public async Task Requests_take_fifty_connections_unless_the_connection_string_says_otherwise(string setting, int most)
    {
        await using var database = new ChannelsDatabase("Host=db;Username=channels" + setting);

        Assert.Equal(most, Most(database.Requests));
        Assert.Equal(16, Most(database.Appends) + database.Writers.Sum(Most) + Most(database.Reads) + Most(database.Pipeline));
    }

    private static int Most(NpgsqlDataSource pool) => new NpgsqlConnectionStringBuilder(pool.ConnectionString).MaxPoolSize;
}
