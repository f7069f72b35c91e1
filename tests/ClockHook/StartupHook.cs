using System.Globalization;
using System.Reflection;
using System.Reflection.Emit;

/// <summary>Loaded into the product by <c>DOTNET_STARTUP_HOOKS</c>: its wall clock differs from the machine's by what a file says, and jumps when the file changes. The product itself has no such door.</summary>
/// <remarks>
/// Only <see cref="TimeProvider.GetUtcNow"/> is moved. Timers and time stamps go on, as they do when a machine's clock is set.
/// The product asks no other clock: its build bans the rest.
/// </remarks>
internal class StartupHook
{
    private const string Variable = "CHANNELS_PROOF_CLOCK";

    /// <summary>The name and form that the runtime looks for.</summary>
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } file)
        {
            return;
        }

        // A class library's own read-only field: only code without visibility checks may write it, and only before anybody has kept what it holds.
        var clocks = typeof(TimeProvider).GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public);
        var machine = TimeProvider.System;
        var write = new DynamicMethod("SetSystemClock", null, [typeof(TimeProvider)], typeof(TimeProvider), skipVisibility: true);
        var code = write.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Stsfld, clocks.Single(field => field.FieldType == typeof(TimeProvider)));
        code.Emit(OpCodes.Ret);
        write.CreateDelegate<Action<TimeProvider>>()(new MovedClock(machine, file));
    }

    private sealed class MovedClock : TimeProvider
    {
        private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(50);
        private readonly TimeProvider _machine;
        private readonly string _file;
        private readonly ITimer _looking;
        private long _offset;

        public MovedClock(TimeProvider machine, string file)
        {
            (_machine, _file) = (machine, file);
            Look();
            _looking = machine.CreateTimer(_ => Look(), null, BetweenLooks, BetweenLooks);
        }

        public override long TimestampFrequency => _machine.TimestampFrequency;

        public override TimeZoneInfo LocalTimeZone => _machine.LocalTimeZone;

        public override DateTimeOffset GetUtcNow() => _machine.GetUtcNow().AddTicks(Interlocked.Read(ref _offset));

        public override long GetTimestamp() => _machine.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => _machine.CreateTimer(callback, state, dueTime, period);

        // The file is replaced as a whole, so that it is never half there.
        private void Look() => Interlocked.Exchange(ref _offset, TimeSpan.Parse(File.ReadAllText(_file), CultureInfo.InvariantCulture).Ticks);
    }
}
