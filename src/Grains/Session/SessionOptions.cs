using System.ComponentModel.DataAnnotations;

namespace Channels.Grains.Session;

/// <summary>How patiently sessions are looked after. Section <c>Channels:Sessions</c>.</summary>
internal sealed class SessionOptions
{
    public const string Section = "Channels:Sessions";

    private const string Name = "Channels__Sessions__";
    private const string Form = " (hours:minutes:seconds; a number alone is days).";

    /// <summary>How long a connection may be away before anybody is told: gateways mend most breaks themselves.</summary>
    /// <value>Default: 20 seconds; a reconnection takes two to ten.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00", ErrorMessage = Name + nameof(Grace) + " must be 00:00:00 to 00:10:00" + Form)]
    public TimeSpan Grace { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a gateway is left to reconnect a paired account by itself before it is told to restart the connection: told too early, it would open a second one beside its own.</summary>
    /// <value>Default: 90 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ErrorMessage = Name + nameof(LeaveAlone) + " must be 00:00:01 to 01:00:00" + Form)]
    public TimeSpan LeaveAlone { get; set; } = TimeSpan.FromSeconds(90);

    /// <summary>How soon a gateway is asked whether what its webhook said is still so: webhooks come late and out of order.</summary>
    /// <value>Default: 2 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00", ErrorMessage = Name + nameof(CheckAfterSign) + " must be 00:00:00.1 to 00:10:00" + Form)]
    public TimeSpan CheckAfterSign { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often a working connection is asked about: a lost webhook must not hide its end for ever.</summary>
    /// <value>Default: 5 minutes; 10,000 accounts are 33 calls a second in all.</value>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ErrorMessage = Name + nameof(HealthEvery) + " must be 00:00:01 to 1.00:00:00" + Form)]
    public TimeSpan HealthEvery { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How often an unpaired session is asked about while a code is out: somebody may have scanned it and the webhook was lost.</summary>
    /// <value>Default: 30 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ErrorMessage = Name + nameof(PairingCheck) + " must be 00:00:01 to 01:00:00" + Form)]
    public TimeSpan PairingCheck { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a gateway that says "connecting" is left alone before it is asked again.</summary>
    /// <value>Default: 10 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00", ErrorMessage = Name + nameof(SettleWait) + " must be 00:00:00.1 to 00:10:00" + Form)]
    public TimeSpan SettleWait { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The wait before the second attempt to bring a connection back; it doubles from there.</summary>
    /// <value>Default: 5 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00", ErrorMessage = Name + nameof(FirstRetry) + " must be 00:00:00.1 to 00:10:00" + Form)]
    public TimeSpan FirstRetry { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait between attempts.</summary>
    /// <value>Default: 1 minute: replies wait as long after a gateway came back.</value>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ErrorMessage = Name + nameof(LongestRetry) + " must be 00:00:01 to 1.00:00:00" + Form)]
    public TimeSpan LongestRetry { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The longest that a code is shown, whatever its kind says.</summary>
    /// <value>Default: 60 seconds, what WhatsApp gives the first one.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00", ErrorMessage = Name + nameof(CodeLife) + " must be 00:00:01 to 00:10:00" + Form)]
    public TimeSpan CodeLife { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long after a look somebody is taken to be still watching.</summary>
    /// <value>Default: 20 seconds; pages ask every two to five.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00", ErrorMessage = Name + nameof(WatchFor) + " must be 00:00:01 to 00:10:00" + Form)]
    public TimeSpan WatchFor { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How many sessions of one gateway are asked about, connected or restarted at once.</summary>
    /// <value>Default: 4; a gateway that comes back with hundreds of accounts must not be knocked over by us.</value>
    [Range(1, 1000, ErrorMessage = Name + nameof(AtOncePerGateway) + " must be 1 to 1000.")]
    public int AtOncePerGateway { get; set; } = 4;

    /// <summary>How many sessions of one gateway are asked about in a second, when it is their time.</summary>
    /// <value>Default: 50; ten thousand accounts, all due after a longer stop, are asked about within three and a half minutes.</value>
    [Range(1, 100_000, ErrorMessage = Name + nameof(PerSecondPerGateway) + " must be 1 to 100000.")]
    public int PerSecondPerGateway { get; set; } = 50;

    /// <summary>No look at a session is put off for longer; see <see cref="Core.Sweep.FurthestLooks"/>.</summary>
    /// <value>The longest of the waits above with its jitter, and a minute for machines whose clocks differ.</value>
    public TimeSpan FurthestLook => (SessionLife.MostJitter * new[] { CheckAfterSign, HealthEvery, PairingCheck, SettleWait, FirstRetry, LongestRetry }.Max()) + TimeSpan.FromMinutes(1);
}
