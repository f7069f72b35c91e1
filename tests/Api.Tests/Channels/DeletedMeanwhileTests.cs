using System.Net;
using Channels.Api.Tests.Host;
using Channels.Core.Channels;
using Channels.Testing;

namespace Channels.Api.Tests.Channels;

public sealed class DeletedMeanwhileTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresFact]
    public async Task A_secret_of_a_channel_that_is_deleted_while_it_is_rotated_is_not_found()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateSimulatorAsync();
        host.Grains.Telling = account => Seed.RunAsync(host.Db, "update account set deleted_at = now() where id = $1", account.Value);

        var answer = await tenant.Http.PostAsync($"/api/v1/channels/{id}/rotate-webhook-secret", null);
        host.Grains.Telling = null;

        await answer.ProblemAsync(404, "not_found");
    }

    [PostgresFact]
    public async Task A_channel_that_is_deleted_while_it_is_activated_is_not_found()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateSimulatorAsync();
        host.Grains.Activation = new(false, AccountStatus.Error, null, "channel-unknown", "There is no such channel.", null, null);

        var answer = await tenant.Http.PostAsync($"/api/v1/channels/{id}/activate", null);
        host.Grains.Activation = null;

        await answer.ProblemAsync(404, "not_found");
    }

    [PostgresFact]
    public async Task A_channel_that_is_deleted_the_moment_it_is_made_was_made()
    {
        var tenant = await host.TenantAsync();

        // Runs within the commit: nobody sees the channel before it is gone.
        await Seed.RunAsync(host.Db, """
            create function delete_at_once() returns trigger language plpgsql as $f$
            begin
              update account set deleted_at = now() where tenant_id = new.tenant_id and id = new.id;
              return null;
            end $f$;
            create constraint trigger delete_at_once after insert on account deferrable initially deferred for each row when (new.name = 'brief') execute function delete_at_once()
            """);
        var answer = await tenant.Http.SendJsonAsync(HttpMethod.Post, "/api/v1/channels", """{"name":"brief","channel_type":"simulator"}""");

        Assert.Equal("brief", (await answer.JsonAsync(HttpStatusCode.Created)).GetProperty("name").GetString());
    }
}
