using Npgsql;

namespace Channels.Storage.Tenancy;

/// <summary>Whether the second fence between tenants stands (migration 0006): asked at every start, for roles are the server's and a dump holds none.</summary>
/// <remarks>Restored into a server without the role, a database keeps its tables and rows, and loses the policies and grants that name the role.</remarks>
public static class SecondFence
{
    // The operator's own tables (unrouted_…) are closed to every request: they have no policy. A partition is reached through its table, and by that one's.
    // A member can become the role, but from PostgreSQL 16 on not every member (migration 0037).
    private const string Missing = """
        with fence as (
          select oid, case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end as become from pg_roles where rolname = 'channels_tenant'),
        fenced as (
          select c.oid, c.relname::text as name, c.relrowsecurity, policy.polroles
          from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()
            left join pg_policy policy on policy.polrelid = c.oid and policy.polname = 'tenant_sees_own'
          where c.relkind in ('r', 'p') and not c.relispartition and c.relname !~ '^unrouted_'
            and (c.relrowsecurity or policy.oid is not null or c.relname = 'tenant'))
        select what, tables, place = 2, quote_ident(current_user) from (
          select 1, 'the role channels_tenant', '{}'::text[] where not exists (select from fence) union all
          select 2, format('the membership of %I in the role channels_tenant', current_user), '{}' from fence where not pg_has_role(current_user, fence.oid, fence.become) union all
          select 3, format('its right to use the schema %I', current_schema()), '{}' from fence where not has_schema_privilege(fence.oid, current_schema(), 'usage') union all
          select 4, 'row-level security on', array_agg(name order by name) from fenced where not relrowsecurity union all
          select 5, 'its policy on', array_agg(name order by name) from fenced left join fence on true where (fence.oid = any (polroles)) is not true union all
          select 6, 'its right to read', array_agg(name order by name) from fenced, fence where not has_table_privilege(fence.oid, fenced.oid, 'select')
          ) as missing (place, what, tables)
        where tables is not null
        order by place
        """;

    private const int NamesShown = 3;

    /// <summary>Returns when it stands.</summary>
    /// <exception cref="FenceException">It does not: says what is missing and what to do.</exception>
    public static async Task CheckAsync(NpgsqlDataSource db, CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        var (isGrantEnough, user) = (true, "");
        await using var command = db.CreateCommand(Missing);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            var tables = await rows.GetFieldValueAsync<string[]>(1, cancellationToken);
            missing.Add(tables.Length == 0 ? rows.GetString(0) : $"{rows.GetString(0)} {Shown(tables)}");
            isGrantEnough &= rows.GetBoolean(2);
            user = rows.GetString(3);
        }

        if (missing.Count > 0)
        {
            var remedy = isGrantEnough
                ? $"As an administrator of the server: grant channels_tenant to {user};"
                : "A dump loses it in a server without that role, and when privileges or policies were left out of it or of the restore. "
                    + $"As an administrator of the server: create role channels_tenant nologin; grant channels_tenant to {user}; then restore the dump anew, as a whole and into an empty database.";
            throw new FenceException($"The database lacks what keeps tenants apart: {string.Join("; ", missing)}. {remedy}");
        }
    }

    private static string Shown(string[] tables) =>
        tables.Length <= NamesShown ? string.Join(", ", tables) : $"{string.Join(", ", tables.Take(NamesShown))} and {tables.Length - NamesShown} more";
}

/// <summary>What keeps tenants apart is missing in the database; the message says what, and what to do.</summary>
public sealed class FenceException(string message) : Exception(message);
