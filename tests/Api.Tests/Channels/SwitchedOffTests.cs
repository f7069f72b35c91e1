using System.Net;
using Channels.Api.Tests.Host;
using Channels.Core;
using Channels.Core.Ids;
using Channels.Testing;

namespace Channels.Api.Tests.Channels;

/// <summary>A channel whose provider is asked for messages is switched off or taken away whole, or stays as it was.</summary>
public sealed class SwitchedOffTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresFact]
    public async Task One_that_could_not_be_deactivated_is_still_asked_for()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateTelegramAsync();
        await (await tenant.Http.PostAsync($"/api/v1/channels/{id}/activate", null)).JsonAsync();
        host.Grains.Failure = new StoreUnavailableException();

        var answer = await tenant.Http.PostAsync($"/api/v1/channels/{id}/deactivate", null);
        host.Grains.Failure = null;

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.DoesNotContain(new AccountId(id), host.Grains.Stopped);
        Assert.False(host.Grains.MayGiveUp);
        Assert.Equal("active", (await (await tenant.Http.GetAsync($"/api/v1/channels/{id}")).JsonAsync()).GetProperty("status").GetString());
    }

    [PostgresFact]
    public async Task One_that_could_not_be_taken_away_is_still_asked_for()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateTelegramAsync();
        await Seed.RunAsync(host.Db, """
            create function refuse_to_delete() returns trigger language plpgsql as $f$ begin raise exception 'out of order' using errcode = '53200'; end $f$;
            create trigger refuse_to_delete before update on account for each row when (new.deleted_at is not null) execute function refuse_to_delete()
            """);

        var answer = await tenant.Http.DeleteAsync($"/api/v1/channels/{id}");
        await Seed.RunAsync(host.Db, "drop function refuse_to_delete() cascade");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.DoesNotContain(new AccountId(id), host.Grains.Stopped);
    }

    [PostgresFact]
    public async Task One_that_is_taken_away_is_gone_before_its_provider_is_asked_no_more()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateTelegramAsync();

        Assert.Equal(HttpStatusCode.NoContent, (await tenant.Http.DeleteAsync($"/api/v1/channels/{id}")).StatusCode);

        Assert.Contains(new AccountId(id), host.Grains.Stopped);
    }
}
