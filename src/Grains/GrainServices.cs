using Channels.Core.Inbox;
using Channels.Core.Sweep;
using Channels.Grains.Account;
using Channels.Grains.Conversation;
using Channels.Grains.Delivery;
using Channels.Grains.Fairness;
using Channels.Grains.Media;
using Channels.Grains.Intake;
using Channels.Grains.Session;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Channels.Grains;

/// <summary>What the grains need besides storage, connectors and agents.</summary>
public static class GrainServices
{
    /// <summary>For a process that runs grains.</summary>
    public static IServiceCollection AddChannelsGrains(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(DrainShare.Of(configuration));
        services.AddSingleton<Gates>();
        services.AddSingleton<Closing>();
        services.AddSingleton<InlineFiles>();
        services.AddSingleton<TurnsUnderWay>();
        services.AddSingleton<TurnAnswering>();
        services.AddSingleton<TurnEndings>();
        services.AddSingleton<LostSends>();
        services.AddSingleton<EvenClock>();
        services.AddSingleton<OutboundFiles>();
        services.AddSingleton<MediaGate>();
        services.AddOptions<IntakeOptions>().BindConfiguration(IntakeOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<IntakeOptions>>().Value);
        services.AddOptions<SessionOptions>().BindConfiguration(SessionOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<SessionOptions>>().Value);
        services.AddSingleton(provider => new FurthestLooks(provider.GetRequiredService<SessionOptions>().FurthestLook, provider.GetRequiredService<IntakeOptions>().FurthestLook));
        services.AddSingleton(provider => new SessionLife(provider.GetRequiredService<SessionOptions>(), Random.Shared));
        services.AddSingleton(provider => new GatewayGates(
            provider.GetRequiredService<SessionOptions>().AtOncePerGateway, provider.GetRequiredService<SessionOptions>().PerSecondPerGateway, provider.GetRequiredService<TimeProvider>()));
        return services;
    }

    /// <summary>Lets agents that are being asked end before the grains stop. After the grains' runtime: what was added last is stopped first.</summary>
    public static IServiceCollection AddTurnsEnd(this IServiceCollection services) => services.AddHostedService(provider => provider.GetRequiredService<TurnsUnderWay>());
}
