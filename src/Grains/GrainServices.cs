using Channels.Core.Inbox;
using Channels.Grains.Account;
using Channels.Grains.Conversation;
using Channels.Grains.Delivery;
using Channels.Grains.Fairness;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Grains;

/// <summary>What the grains need besides storage, connectors and agents.</summary>
public static class GrainServices
{
    /// <summary>For a process that runs grains.</summary>
    public static IServiceCollection AddChannelsGrains(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(DrainShare.Of(configuration));
        services.AddSingleton<Gates>();
        services.AddSingleton<InlineFiles>();
        services.AddSingleton<TurnAnswering>();
        services.AddSingleton<TurnEndings>();
        services.AddSingleton<LostSends>();
        return services;
    }
}
