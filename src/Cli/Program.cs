using Channels.Cli;

return await ChannelsCommand.RunAsync(args, Surroundings.OfThisProcess(), CancellationToken.None);
