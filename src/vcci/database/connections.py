"""Connections to PostgreSQL, and what its refusals mean to a person. Passwords never enter a message."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from vcci.concurrency.deadline import seconds_left
from vcci.errors import DatabaseError, VcciError

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

OLDEST = 15
"""NULLS NOT DISTINCT, on which the rollups' key rests, came with PostgreSQL 15."""

CONNECT_SECONDS = 15.0

DRIVER = re.compile(r"^(postgres|postgresql)(\+\w+)?://")
"""URLs as other programs write them: `postgres://`, `postgresql+asyncpg://`."""

REFUSALS: Final[tuple[tuple[type[BaseException], str, str, str], ...]] = (
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        "database_login_refused",
        "PostgreSQL at {where} refuses the login.",
        "Check user and password in DATABASE_URL, and the server's pg_hba.conf.",
    ),
    (
        asyncpg.InvalidCatalogNameError,
        "database_not_there",
        "PostgreSQL at {where} has no such database.",
        "Create it (CREATE DATABASE), or correct DATABASE_URL.",
    ),
    (
        asyncpg.InsufficientPrivilegeError,
        "database_rights_missing",
        "The login at {where} lacks a right: {said}.",
        "Let a DBA run the SQL of docs/database.md as a superuser, then try again.",
    ),
    (
        asyncpg.TooManyConnectionsError,
        "database_busy",
        "PostgreSQL at {where} has no connection free.",
        "Try again, or raise max_connections.",
    ),
    (
        asyncpg.DiskFullError,
        "database_disk_full",
        "The disk of PostgreSQL at {where} is full; nothing was stored.",
        "Make room, then run again.",
    ),
    (
        asyncpg.CannotConnectNowError,
        "database_away",
        "PostgreSQL at {where} is starting or stopping.",
        "Try again in a moment.",
    ),
    (
        asyncpg.PostgresConnectionError,
        "database_away",
        "The connection to PostgreSQL at {where} broke; what was not committed is gone.",
        "See the server's log, then run again.",
    ),
    (
        asyncpg.PostgresError,
        "database_refused",
        "PostgreSQL at {where} refused: {said} (SQLSTATE {sqlstate}).",
        "Nothing was stored. Please report this.",
    ),
    (
        ValueError,
        "database_url_invalid",
        "DATABASE_URL cannot be read.",
        "Write postgresql://user:password@host:5432/database.",
    ),
    (
        asyncpg.InternalClientError,
        "database_away",
        "The connection to PostgreSQL at {where} was cut between two statements; nothing was stored.",
        "Try again in a moment.",
    ),
    (
        asyncpg.InterfaceError,
        "database_away",
        "The connection to PostgreSQL at {where} was lost or cannot be made: {kind}.",
        "Check DATABASE_URL, and that the server runs.",
    ),
    (
        OSError,
        "database_away",
        "No PostgreSQL answers at {where} ({kind}).",
        "Start it, correct DATABASE_URL, or unset it to use the embedded server.",
    ),
    (
        asyncio.TimeoutError,
        "database_away",
        "No PostgreSQL answers at {where} within the time allowed.",
        "Check the network, or unset DATABASE_URL to use the embedded server.",
    ),
)
"""What asyncpg raises -> code, what happened, what to do. The first that fits counts."""

BROKEN: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What the driver raises on a connection that is no more; the last where it was cut between statements."""


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """Give a connection, closed at the end; every refusal within becomes a `DatabaseError`.

    No statement cache: it is of no use to rare, large work, and PgBouncer in transaction mode confuses it.
    """
    with refusals(url):
        connection = await open_connection(url, is_for_pgbouncer=True)
        try:
            _refuse_old(connection, url)
            yield connection
        finally:
            await _close(connection)


async def open_connection(url: str, *, is_for_pgbouncer: bool) -> Connection:
    """Return a new connection; raises what the driver raises.

    Behind PgBouncer in transaction mode a statement's name may mean another's: none has one then.
    """
    seconds = seconds_left(CONNECT_SECONDS)
    if is_for_pgbouncer:
        return await asyncpg.connect(plain_url(url), timeout=seconds, statement_cache_size=0)
    return await asyncpg.connect(plain_url(url), timeout=seconds)


@contextmanager
def refusals(url: str) -> Iterator[None]:
    """Translate what the driver raises."""
    try:
        yield
    except VcciError:
        raise
    except tuple(kind for kind, *_ in REFUSALS) as error:
        raise translated(error, url) from None


@contextmanager
def refusals_of_transaction(url: str) -> Iterator[None]:
    """Translate what the driver raises, and leave alone what the work itself may raise."""
    try:
        yield
    except (
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        ConnectionError,
    ) as error:
        raise translated(error, url) from None


def translated(error: BaseException, url: str) -> DatabaseError:
    """Return the error for people; the driver's own text only where it cannot hold a secret."""
    code, what, remedy = next(
        (code, what, remedy) for kind, code, what, remedy in REFUSALS if isinstance(error, kind)
    )
    said = {
        "where": without_password(url),
        "kind": type(error).__name__,
        "said": getattr(error, "message", "") or "",
        "sqlstate": getattr(error, "sqlstate", "") or "",
    }
    return DatabaseError(what.format_map(said), remedy=remedy, code=code)


def plain_url(url: str) -> str:
    """Return the URL as the driver takes it; raises `ValueError` for what is none of PostgreSQL's."""
    if not DRIVER.match(url):
        raise ValueError(url)
    return DRIVER.sub("postgresql://", url, count=1)


def without_password(url: str) -> str:
    """Return a URL that may be shown: no password, no query but the socket's folder."""
    try:
        parts = urlsplit(plain_url(url))
        host = f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
    except ValueError:
        return "the address in DATABASE_URL"
    user = f"{parts.username}@" if parts.username else ""
    query = "&".join(word for word in parts.query.split("&") if word.startswith(("host=", "port=")))
    return urlunsplit(("postgresql", user + host, parts.path, query, ""))


def _refuse_old(connection: Connection, url: str) -> None:
    found = connection.get_server_version()
    if found.major < OLDEST:
        raise DatabaseError(
            f"PostgreSQL at {without_password(url)} is version {found.major}.{found.minor}.",
            tried=[f"{OLDEST} is the oldest with unique keys over empty values (NULLS NOT DISTINCT)"],
            remedy=f"Use PostgreSQL {OLDEST} or newer, or unset DATABASE_URL to use the embedded one.",
            code="database_too_old",
        )


async def _close(connection: Connection) -> None:
    """Close, and never let a broken connection hide the error that broke it."""
    try:
        await connection.close(timeout=5)
    except (TimeoutError, *BROKEN):
        connection.terminate()
