using Channels.Storage.Migrations;
using Channels.Testing;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Parked;

/// <summary>What a reason is counted under is counted under itself: a cause that is shown can be asked for.</summary>
public sealed class CauseTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task The_cause_of_a_cause_is_the_cause()
    {
        await using var db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(db, TimeProvider.System, NullLogger.Instance, default);

        // What reasons are made of, in lengths that end about where they are cut.
        var part = Gen.Elements("a", "line", " ", "  ", "\t", "\n", "7", "12", "345678", "x9", "9x", "#", ":", ",", "_", "é", "٣", "😀", "\u00a0");
        var reasons = Gen.Choose(0, 160).SelectMany(length => Gen.ArrayOf(part, length)).Select(string.Concat);

        await using var connection = await db.OpenConnectionAsync();
        await using var cause = new NpgsqlCommand("select drop_reason($1), drop_reason(drop_reason($1))", connection) { Parameters = { new NpgsqlParameter<string>() } };
        await cause.PrepareAsync();
        Prop.ForAll(reasons.ToArbitrary(), reason =>
        {
            cause.Parameters[0].Value = reason;
            using var row = cause.ExecuteReader();
            row.Read();
            var (once, twice) = (row.GetString(0), row.GetString(1));
            return (once == twice && once.Length > 0 && once.EnumerateRunes().Count() <= 100 && !once.Contains(':', StringComparison.Ordinal)).Label($"'{once}' then '{twice}'");
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3_000));
    }
}
