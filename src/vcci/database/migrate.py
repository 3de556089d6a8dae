"""Migrations: Alembic writes the SQL, asyncpg runs it, in one transaction under one lock."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, LiteralString

from vcci.database.connections import Connection, connected, without_password
from vcci.database.roles import MIGRATOR, ensure_roles
from vcci.errors import DatabaseError

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

FOLDER: Final = Path(__file__).with_name("migrations")

LOCK = 0x56434349
"""Key of the advisory lock by which processes that migrate one database take turns ("VCCI")."""

IS_MIGRATED: LiteralString = """
    SELECT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'vcci' AND c.relname = 'alembic_version')
"""
"""Reads the tables, not `to_regclass`: that answers from a cache which may be older than the lock."""


async def migrate(url: str) -> str:
    """Bring the schema to the newest revision and return that; safe to call at once from many processes."""
    newest = newest_revision()
    async with connected(url) as connection:
        if await current_revision(connection) == newest:
            return newest
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            found = await current_revision(connection)
            _refuse_newer(found, url)
            if found != newest:
                await _upgrade(connection, found)
    return newest


async def current_revision(connection: Connection) -> str | None:
    """Return the revision of a database; None if it has never been migrated."""
    if not await connection.fetchval(IS_MIGRATED):
        return None
    found: str | None = await connection.fetchval("SELECT version_num FROM vcci.alembic_version")
    return found


def newest_revision() -> str:
    """Return the newest revision that this version of VCCI knows: files are named by theirs.

    Nothing of Alembic is loaded for it, which would take longer than to ask the database.
    """
    revisions = [path.name.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py")]
    if not revisions:
        raise DatabaseError(
            "The migrations are missing from the installation.",
            remedy="Install vcci again.",
            code="migrations_missing",
        )
    return max(revisions)


def upgrade_sql(since: str | None) -> str:
    """Return the SQL from a revision (None: an empty database) to the newest."""
    from alembic.runtime.environment import EnvironmentContext

    config, scripts = _scripts()
    output = io.StringIO()
    config.attributes["output"] = output
    span = {"starting_rev": since, "destination_rev": "head"}

    def steps(revision: Any, _context: Any) -> Any:
        return scripts._upgrade_revs("head", revision)  # as alembic's own `upgrade` does

    with EnvironmentContext(config, scripts, fn=steps, as_sql=True, **span):
        scripts.run_env()
    return output.getvalue()


async def _upgrade(connection: Connection, found: str | None) -> None:
    await ensure_roles(connection)
    await connection.execute(f"SET LOCAL ROLE {MIGRATOR}")
    await connection.execute(upgrade_sql(found))
    await connection.execute("GRANT SELECT ON vcci.alembic_version TO vcci_app, vcci_loader")
    await connection.execute("RESET ROLE")


def _refuse_newer(found: str | None, url: str) -> None:
    known = {script.revision for script in _scripts()[1].walk_revisions()}
    if found is not None and found not in known:
        raise DatabaseError(
            f"The schema at {without_password(url)} is of revision {found}, unknown to this version.",
            remedy="Install the version of vcci that made it, or a newer one.",
            code="schema_too_new",
        )


def _scripts() -> "tuple[Config, ScriptDirectory]":
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config, ScriptDirectory.from_config(config)
