"""How an engine of SQLAlchemy is pooled, for applications that embed the toolkit; and PgBouncer before it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from vcci.database.pgbouncer import pgbouncer_ini
from vcci.errors import ConfigurationError

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PoolConfig:
    """Connections of one engine; times in seconds. Raises `ConfigurationError` for what cannot be."""

    pool_size: int = 20
    """Connections that are kept."""

    max_overflow: int = 10
    """Connections beside them while all are in use."""

    pool_timeout: float = 30.0
    """Longest wait for a connection; less if the deadline of the work is sooner."""

    pool_recycle: float = 3_600.0
    """Age at which a connection is replaced, give or take a tenth, so that not all go at once; -1: never."""

    pool_pre_ping: bool = True
    """Whether a connection is asked if it lives, before it is given out after `idle_check_s` without use."""

    pool_use_lifo: bool = True
    """Whether the connection that came back last is given out first."""

    echo_pool: bool = False
    """Whether SQLAlchemy logs what the pool does."""

    connect_args: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of asyncpg's `connect`."""

    most_waiting: int = 1_000
    """Who comes when so many wait already is refused at once."""

    idle_check_s: float = 30.0
    through_pgbouncer: bool = False
    """Whether PgBouncer is between, in transaction mode: no statement outlives its transaction then."""

    def __post_init__(self) -> None:
        least = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0, "most_waiting": 0}
        for name, value in least.items():
            if getattr(self, name) < value:
                raise ConfigurationError(
                    f"{name} is {getattr(self, name)}, and is at least {value}.",
                    remedy="Correct the PoolConfig; docs/pool.md says what each of its values decides.",
                    code="setting_invalid",
                )

    @property
    def most(self) -> int:
        """Connections that there can be at once."""
        return self.pool_size + self.max_overflow


PRODUCTION_POOL_CONFIG: Final = PoolConfig()
DEVELOPMENT_POOL_CONFIG: Final = PoolConfig(pool_size=5, max_overflow=5, echo_pool=True)
HIGH_LOAD_POOL_CONFIG: Final = PoolConfig(pool_size=50, max_overflow=20, pool_recycle=1_800.0)
"""For a server that allows several hundred connections: `vcci db pool-size` says whether that is of use."""

PGBOUNCER_POOL_CONFIG: Final = PoolConfig(
    pool_size=5, max_overflow=5, pool_recycle=-1.0, pool_pre_ping=False, through_pgbouncer=True
)
"""PgBouncer keeps, replaces and examines the connections to PostgreSQL itself."""


def _each_in_one_line(work: Callable[P, T]) -> Callable[P, T]:
    """Decorate what writes values into lines: one that would end its line, or hold a second, is refused."""

    @wraps(work)
    def written(*values: P.args, **named: P.kwargs) -> T:
        if any(set(" \t\r\n;'\"=") & set(str(value)) for value in (*values, *named.values())):
            raise ConfigurationError(
                "A value for pgbouncer.ini has a space, a quote or an equals sign in it.",
                remedy="Give host, port, database and user as plain names; write others by hand.",
                code="setting_invalid",
            )
        return work(*values, **named)

    return written


@_each_in_one_line
def generate_pgbouncer_config(  # noqa: PLR0917  (the signature that is known)
    host: str = "127.0.0.1", port: int = 5432, db: str = "vcci", user: str = "vcci"
) -> str:
    """Return a pgbouncer.ini for transaction mode before the PostgreSQL at `host`; no password is in it."""
    return pgbouncer_ini(host=host, port=port, database=db, user=user)
