using System.Data;
using Channels.Storage.Tenancy;
using Channels.Testing;
using Npgsql;

namespace Channels.Storage.Tests.Tenancy;

public sealed class TenantWorkTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task Let_go_of_twice_it_leaves_the_work_of_the_next_on_its_connection_alone()
    {
        var db = await postgres.CreateDatabaseAsync();
        await using var one = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(db.ConnectionString) { MaxPoolSize = 1 });
        var first = await TenantWork.BeginAsync(one, IsolationLevel.ReadCommitted, place: null, default);
        await first.ExecuteAsync("create table kept (n int)", default);
        await first.CommitAsync(default);
        await first.DisposeAsync();

        await using (var next = await TenantWork.BeginAsync(one, IsolationLevel.ReadCommitted, place: null, default))
        {
            await next.ExecuteAsync("insert into kept values (1)", default);
            await first.DisposeAsync();
            await next.CommitAsync(default);
        }

        await using var count = db.CreateCommand("select count(*) from kept");
        Assert.Equal(1L, await count.ExecuteScalarAsync());
    }
}
