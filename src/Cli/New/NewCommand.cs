using System.CommandLine;
using Channels.Cli.Settings;

namespace Channels.Cli.New;
internal static class NewCommand
{
    public static Command Create(ServerOptions options) => new("new", "x");
}
