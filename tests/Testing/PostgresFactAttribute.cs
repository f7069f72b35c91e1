using Channels.Storage.Embedded;

namespace Channels.Testing;

/// <summary>A fact about a real Postgres. Without one it is skipped on a developer's machine, and fails where <c>CI=true</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute() => Skip = PostgresOnThisMachine.WhySkip;
}

/// <summary>As <see cref="PostgresFactAttribute"/>, for theories.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgresTheoryAttribute : TheoryAttribute
{
    public PostgresTheoryAttribute() => Skip = PostgresOnThisMachine.WhySkip;
}

internal static class PostgresOnThisMachine
{
    /// <summary>Null when the test is to run: there is a server, or there must be one and the test shall say that it is missing.</summary>
    public static string? WhySkip { get; } =
        IsContinuousIntegration || PostgresBinariesFinder.IsAnyInstalled()
            ? null
            : $"PostgreSQL is not installed here; './test.sh' or '{InstallCommand.ForThisSystem()}' does it.";

    private static bool IsContinuousIntegration =>
        string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);
}
