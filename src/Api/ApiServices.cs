using Channels.Api.Access;
using Channels.Api.Agents;
using Channels.Api.Channels;
using Channels.Api.Docs;
using Channels.Api.Errors;
using Channels.Api.Events;
using Channels.Api.Conversations;
using Channels.Api.Health;
using Channels.Api.Ingress;
using Channels.Api.Keys;
using Channels.Api.Kinds;
using Channels.Api.Knowledge;
using Channels.Api.Ledger;
using Channels.Api.Media;
using Channels.Api.Messages;
using Channels.Api.Pairing;
using Channels.Api.Parked;
using Channels.Api.Requests;
using Channels.Api.Tenants;
using Channels.Api.Turns;
using Channels.Api.Unrouted;
using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;

namespace Channels.Api;

/// <summary>The HTTP API: registered by <see cref="AddChannelsApi"/>, put in place by <see cref="MapChannelsApi"/>.</summary>
public static class ApiServices
{
    /// <summary>Needs <c>NpgsqlDataSource</c>, <c>IInbox</c>, <c>IConnectorCatalog</c>, <c>IAgentCatalog</c> and <c>IGrainFactory</c> from the host.</summary>
    public static IServiceCollection AddChannelsApi(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IdSource>();
        services.TryAddSingleton(provider => new PublicAddress(new PublicUrl(configuration, provider.GetService<IServer>()).Current));
        services.TryAddSingleton<IInboxHint>(provider => new GrainInboxHint(provider.GetRequiredService<IGrainFactory>, provider.GetRequiredService<ILogger<GrainInboxHint>>()));
        services.AddTenantStorage();
        services.ConfigureHttpJsonOptions(options => ApiJson.Configure(options.SerializerOptions));
        services.AddApiDescription();
        services.AddSingleton<ChannelForm>();
        services.AddSingleton<ChannelSwitch>();
        services.AddSingleton<KindSwitching>();
        services.AddSingleton<SettingsCheck>();
        services.AddSingleton<ChannelWriting>();
        services.AddSingleton<Circuits>();
        services.AddSingleton<Pairings>();
        services.AddSingleton<DocumentReader>();
        services.AddSingleton<ReplyWindows>();
        services.AddSingleton<SimulatedReplies>();
        services.AddSingleton<OutboundSending>();
        services.AddSingleton<Waits>();
        services.AddSingleton<UploadPlaces>();
        services.AddSingleton<IngressInstruments>();
        services.AddSingleton(GlobalWebhookSecret.Of(configuration));
        services.AddSingleton<GlobalWebhooks>();
        services.AddSingleton<SharedWebhooks>();
        services.AddSingleton<WebhookHandshakes>();
        services.AddSingleton<UnroutedReplay>();
        services.AddSingleton(BodyRoom.OfThisProcess());
        services.AddSingleton<WebhookIngress>();
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>, LastConnections>();

        // The server's own line per request costs more than the request, and shows query strings.
        services.AddLogging(logging => logging
            .AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
            // Both write every request's path, which may hold a webhook's secret: not even when asked for by name.
            // With the first on at any level every request also gets an Activity and a logging scope, for messages that nobody reads.
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None)
            .AddFilter("Microsoft.AspNetCore.Routing", LogLevel.Warning));
        return services;
    }

    /// <summary>All endpoints, and what runs before them: problems become problem details, keys become callers, and text nobody can keep is refused. Webhooks pass it all by: routing answers them.</summary>
    public static void MapChannelsApi(this WebApplication app)
    {
        app.UseMiddleware<HeadAsGet>();
        app.UseRouting();
        app.UseMiddleware<AnswerHeaders>();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseMiddleware<AccessMiddleware>();
        app.UseMiddleware<RefuseBrokenText>();
        app.MapWebhooks();
        app.MapHealth();
        app.MapTenants();
        app.MapApiKeys();
        app.MapKinds();
        app.MapChannels();
        app.MapWhatsApp();
        app.MapParkedWebhooks();
        app.MapUnroutedWebhooks();
        app.MapMessages();
        app.MapAccountMessages();
        app.MapLedger();
        app.MapConversations();
        app.MapSessions();
        app.MapAgents();
        app.MapKnowledge();
        app.MapTurns();
        app.MapEvents();
        app.MapMedia();
        app.MapDocs();
    }
}
