"""The driver's connection under whatever a caller has, and stretches of work that are taken back.

Savepoints are written out: the driver's own refuse transactions that were begun with BEGIN.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from vcci.database.connection_pool import ConnectionPool
from vcci.database.connections import Connection
from vcci.errors import ConfigurationError

SQLALCHEMY_ONLY: Final = (
    "prepared_statement_cache_size",
    "prepared_statement_name_func",
    "async_fallback",
)
"""Words of a URL that SQLAlchemy takes for itself."""


async def driver_connection(session_or_connection: Any) -> Connection:
    """Return the asyncpg connection of an AsyncSession, an AsyncConnection, or itself.

    A transaction of SQLAlchemy that has not begun yet is begun: what is done is then part of it.
    """
    if hasattr(session_or_connection, "fetchrow"):
        found: Connection = session_or_connection
        return found
    if not hasattr(session_or_connection, "execute"):
        raise ConfigurationError(
            f"A {type(session_or_connection).__name__} is no connection to PostgreSQL.",
            remedy="Give an AsyncSession or AsyncConnection of SQLAlchemy, or a connection of asyncpg.",
            code="connection_kind_unknown",
        )
    is_session = hasattr(session_or_connection, "get_bind")
    connection = await session_or_connection.connection() if is_session else session_or_connection
    await connection.exec_driver_sql("SELECT 1")
    driver: Connection = (await connection.get_raw_connection()).driver_connection
    return driver


def url_of(engine_or_pool: Any) -> str:
    """Return the URL of an AsyncEngine, a `ConnectionPool`, or itself, as asyncpg takes it."""
    if isinstance(engine_or_pool, str):
        return engine_or_pool
    if isinstance(engine_or_pool, ConnectionPool):
        return engine_or_pool.url
    url = getattr(engine_or_pool, "url", None)
    if url is None or not hasattr(url, "difference_update_query"):
        raise ConfigurationError(
            f"A {type(engine_or_pool).__name__} does not tell which PostgreSQL it is of.",
            remedy="Give an engine of SQLAlchemy, a pool of ours, or a URL.",
            code="connection_kind_unknown",
        )
    plain: str = url.difference_update_query(SQLALCHEMY_ONLY).render_as_string(hide_password=False)
    return plain


@asynccontextmanager
async def all_or_nothing(connection: Connection, name: str = "vcci_step") -> AsyncIterator[None]:
    """Keep what is done if it goes well, else take it back, in a transaction that may have begun before."""
    is_within = connection.is_in_transaction()
    await connection.execute(f"SAVEPOINT {name}" if is_within else "BEGIN")
    try:
        yield
        await connection.execute(f"RELEASE SAVEPOINT {name}" if is_within else "COMMIT")
    except BaseException:
        await _take_back(connection, name if is_within else "")
        raise


@asynccontextmanager
async def taken_back(connection: Connection, name: str = "vcci_trial") -> AsyncIterator[None]:
    """Take back whatever is done, settings too, in a transaction that may have begun before."""
    is_within = connection.is_in_transaction()
    await connection.execute(f"SAVEPOINT {name}" if is_within else "BEGIN")
    try:
        yield
    finally:
        await _take_back(connection, name if is_within else "")


async def _take_back(connection: Connection, savepoint: str) -> None:
    if connection.is_closed():
        return
    back = f"ROLLBACK TO SAVEPOINT {savepoint}; RELEASE SAVEPOINT {savepoint}" if savepoint else "ROLLBACK"
    await connection.execute(back)
