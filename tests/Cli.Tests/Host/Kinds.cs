namespace Channels.Cli.Tests.Host;

/// <summary>Channel kinds and judgements on their settings, as the API tells them.</summary>
internal static class Kinds
{
    public static object Valid { get; } = new { valid = true, channel_type = "evolution", complaints = Array.Empty<object>(), checked_connection = false, found = (string?)null };

    public static object Answer { get; } = new
    {
        channels = new object[]
        {
            new
            {
                id = "evolution",
                display_name = "WhatsApp (Evolution API)",
                settings_schema = new
                {
                    type = "object",
                    required = new[] { "base_url", "api_key" },
                    properties = new Dictionary<string, object>
                    {
                        ["base_url"] = new { type = "string", title = "Address of the gateway", description = "Where your Evolution API answers." },
                        ["api_key"] = new { type = "string", writeOnly = true, title = "API key", description = "The gateway's AUTHENTICATION_API_KEY." },
                        ["send_timeout_seconds"] = new Dictionary<string, object> { ["type"] = "integer", ["default"] = 20, ["title"] = "Longest wait", ["x-remedy"] = "give whole seconds" },
                        ["mode"] = new Dictionary<string, object> { ["type"] = "string", ["enum"] = new[] { "calm", "busy" }, ["title"] = "Mode" },
                        ["loud"] = new { type = "boolean", title = "Loud" },
                    },
                },
            },
            new
            {
                id = "waha",
                display_name = "WAHA",
                settings_schema = new
                {
                    type = "object",
                    properties = new
                    {
                        auth = new
                        {
                            type = "object", writeOnly = true, title = "User name and password", required = new[] { "username", "password" },
                            properties = new { username = new { type = "string", title = "User name" }, password = new { type = "string", title = "Password" } },
                        },
                    },
                },
            },
            new { id = "simulator", display_name = "Simulator", settings_schema = new { type = "object", properties = new { } } },
        },
    };

    public static object Complaint(string field, string message, string remedy) =>
        new { valid = false, channel_type = "evolution", complaints = new[] { new { field, rule = "format", message, remedy } }, checked_connection = false, found = (string?)null };
}
