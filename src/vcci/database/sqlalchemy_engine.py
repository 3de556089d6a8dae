"""Engines of SQLAlchemy over a pool that is bounded and measured, for applications that embed the toolkit."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import uuid4

import asyncpg
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.ext.asyncio import create_async_engine as _create_async_engine

from vcci.concurrency.deadline import passed_as_error, seconds_left
from vcci.database.connection_pool import ConnectionPool
from vcci.database.connections import CONNECT_SECONDS, DRIVER, plain_url, refusals
from vcci.database.pool_config import PRODUCTION_POOL_CONFIG, PoolConfig
from vcci.database.sqlalchemy_pool import BoundedPool
from vcci.errors import ConfigurationError

WITHOUT_CACHES: Final = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
"""Behind PgBouncer in transaction mode a statement that was prepared may be on another connection."""


class DatabaseEngineFactory:
    """Makes engines of SQLAlchemy for PostgreSQL, by asyncpg."""

    @staticmethod
    def create_async_engine(
        url: str, pool_config: PoolConfig = PRODUCTION_POOL_CONFIG, echo: bool = False
    ) -> AsyncEngine:
        """Return an engine; its connections are made when they are wanted.

        `url` is one of PostgreSQL, with or without the name of a driver. A connection that cannot be had
        comes out as a `DatabaseError`, what a statement does wrong as SQLAlchemy's own.
        """
        with refusals(url):
            address = make_url(DRIVER.sub("postgresql+asyncpg://", plain_url(url), count=1))
        return _create_async_engine(
            address,
            echo=echo,
            poolclass=BoundedPool,
            pool_options=pool_config,
            pool_size=pool_config.pool_size,
            max_overflow=pool_config.max_overflow,
            pool_timeout=pool_config.pool_timeout,
            pool_use_lifo=pool_config.pool_use_lifo,
            echo_pool=pool_config.echo_pool,
            connect_args=_connect_args(pool_config, url),
        )


async def warm_connection_pool(engine_or_pool: Any, connections: int = 10) -> int:
    """Open connections until there are so many, at most as many as are kept; returns how many there are.

    All are made at once, and given back even if one of them cannot be had; that is raised then.
    """
    if isinstance(engine_or_pool, ConnectionPool):
        await engine_or_pool.warm(connections)
        return engine_or_pool.statistics().size
    pool = pool_of(engine_or_pool)
    missing = min(connections, pool.size()) - pool.checkedout()
    taken = await asyncio.gather(*(engine_or_pool.connect() for _ in range(missing)), return_exceptions=True)
    mine = [one for one in taken if isinstance(one, AsyncConnection)]
    await asyncio.gather(*(one.close() for one in mine), return_exceptions=True)
    for one in taken:
        if isinstance(one, BaseException):
            raise one
    return pool.statistics().size


def pool_of(engine: Any) -> BoundedPool:
    """Return the pool of an engine that `DatabaseEngineFactory` made; raises `ConfigurationError`."""
    pool = getattr(engine, "pool", None)
    if isinstance(pool, BoundedPool):
        return pool
    raise ConfigurationError(
        f"A {type(engine).__name__} has no pool of connections that tells of itself.",
        remedy="Give an engine of DatabaseEngineFactory, or a ConnectionPool.",
        code="connection_kind_unknown",
    )


def _connect_args(config: PoolConfig, url: str) -> dict[str, Any]:
    told = dict(config.connect_args)
    if config.through_pgbouncer:
        told |= WITHOUT_CACHES | {"prepared_statement_name_func": lambda: f"vcci_{uuid4().hex}"}
    return {"async_creator_fn": _opener(url)} | told


def _opener(url: str) -> Callable[..., Awaitable[Any]]:
    """Return what opens a connection under the deadline of the work, with refusals for people."""

    async def opened(*arguments: Any, **named: Any) -> Any:
        with refusals(url), passed_as_error():
            named["timeout"] = seconds_left(named.get("timeout", CONNECT_SECONDS))
            return await asyncpg.connect(*arguments, **named)

    return opened
