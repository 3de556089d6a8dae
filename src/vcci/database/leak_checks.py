"""Questions to PostgreSQL's catalogue: by which objects could rows reach another tenant?

Each is one query that names what it finds. $1 are the functions that may run with their owner's rights.
"""

from typing import Final, LiteralString

FORCED: Final[LiteralString] = """
    SELECT format('%s.%s', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('vcci', 'vcci_runs') AND c.relkind IN ('r', 'p')
    AND c.relname NOT IN ('alembic_version', 'announced', 'factor_packs', 'factors')
    AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
"""
"""Tables are a tenant's unless they are named here: a new one cannot be forgotten."""

POLICIES: Final[LiteralString] = """
    SELECT format('%s on %s.%s', p.polname, n.nspname, c.relname) AS name
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (SELECT
        pg_get_expr(polqual, polrelid) AS seen, pg_get_expr(polwithcheck, polrelid) AS taken,
        format('(%s = (NULLIF(current_setting(''vcci.tenant_id''::text, true), ''''::text))::uuid)',
            CASE WHEN c.relname = 'tenants' THEN 'id' ELSE 'tenant_id' END) AS right_one) e
    WHERE n.nspname IN ('vcci', 'vcci_runs') AND polpermissive
    AND NOT (c.relname = 'tenants' AND p.polname IN ('loader_finds_tenants', 'loader_adds_tenants'))
    AND (seen IS DISTINCT FROM right_one OR coalesce(taken, seen) IS DISTINCT FROM right_one)
"""

VIEWS: Final[LiteralString] = """
    SELECT format('%s.%s', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('vcci', 'vcci_runs') AND c.relkind = 'v'
    AND NOT EXISTS (SELECT 1 FROM pg_options_to_table(c.reloptions)
        WHERE option_name = 'security_invoker' AND option_value::boolean)
"""

COPIES: Final[LiteralString] = """
    SELECT format('%s.%s', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('vcci', 'vcci_runs') AND c.relkind IN ('m', 'f')
"""

FUNCTIONS: Final[LiteralString] = """
    SELECT format('%s.%s(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS name
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('vcci', 'vcci_runs') AND p.prosecdef
    AND NOT format('%s.%s(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) = ANY ($1)
"""

PARTITIONS: Final[LiteralString] = """
    SELECT format('%s.%s', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND (n.nspname = 'vcci_runs' OR n.nspname = 'vcci' AND c.relispartition)
    AND has_any_column_privilege('vcci_app', c.oid, 'SELECT')
"""

OWNED: Final[LiteralString] = """
    SELECT c.oid::regclass::text AS name FROM pg_class c WHERE c.relowner = to_regrole('vcci_app')
"""

ROLES: Final[LiteralString] = """
    SELECT r.rolname AS name FROM pg_roles r
    WHERE r.rolname IN ('vcci_app', 'vcci_loader') AND (r.rolsuper OR r.rolbypassrls OR r.rolcanlogin)
"""

CHECKS: Final[dict[str, LiteralString]] = {
    "table without forced row security": FORCED,
    "policy that does not ask for the tenant": POLICIES,
    "view without security_invoker": VIEWS,
    "materialized view or foreign table": COPIES,
    "function with its owner's rights": FUNCTIONS,
    "partition that the app may read": PARTITIONS,
    "object that the app owns": OWNED,
    "role that passes by row security": ROLES,
}
"""Every question, by the kind of leak that it finds."""
