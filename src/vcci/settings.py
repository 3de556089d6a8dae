"""The settings, read once from the environment (`VCCI_...`, `DATABASE_URL`)."""

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from vcci.errors import ConfigurationError

PREFIX: Final = "VCCI_"


class Settings(BaseSettings):
    """All that the environment can decide. `vcci settings` prints the set in force, secrets redacted."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    database_url: SecretStr | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="PostgreSQL server to use; unset: the embedded one.",
    )
    direct_database_url: SecretStr | None = Field(
        default=None,
        description="The same database past PgBouncer, to listen for announcements; unset: DATABASE_URL.",
    )
    pgbouncer: bool = Field(
        default=False, description="Whether DATABASE_URL leads to a PgBouncer in transaction mode."
    )
    pool_size: int = Field(
        default=10,
        gt=0,
        le=1_000,
        validation_alias="DB_POOL_SIZE",
        description="Connections to PostgreSQL that each worker keeps; `vcci db pool-size` finds how many.",
    )
    pool_overflow: int = Field(
        default=0,
        ge=0,
        le=1_000,
        validation_alias="DB_MAX_OVERFLOW",
        description="Connections of a worker beside these while all are in use.",
    )
    pool_recycle: int = Field(
        default=3_600,
        gt=0,
        validation_alias="DB_POOL_RECYCLE",
        description="Age at which a connection is replaced, in seconds, give or take a tenth.",
    )
    redis_url: SecretStr | None = Field(
        default=None,
        validation_alias="REDIS_URL",
        description="Redis or Valkey in which workers share what is cached; unset: each has its own.",
    )
    redis_cache_ttl: int = Field(
        default=3_600,
        gt=0,
        validation_alias="REDIS_CACHE_TTL",
        description="Longest time that anything is kept in Redis, in seconds.",
    )
    cache_bytes: int = Field(
        default=64 * 2**20, gt=0, description="Memory of a worker for what it caches, in bytes, each cache."
    )
    api_cache: bool = Field(
        default=True, validation_alias="ENABLE_API_CACHE", description="Whether answers are kept."
    )
    api_cache_strategy: str = Field(
        default="no_cache",
        pattern="^(static|short|medium|long|no_cache)$",
        validation_alias="CACHE_DEFAULT_STRATEGY",
        description="How long answers are kept that do not say so themselves: static, short, medium, long, "
        "no_cache.",
    )
    query_analysis: bool = Field(
        default=False,
        validation_alias="ENABLE_QUERY_ANALYSIS",
        description="Whether each request's queries are watched for repetition (N+1) and slowness.",
    )
    slow_query_ms: int = Field(
        default=1_000,
        gt=0,
        validation_alias="SLOW_QUERY_THRESHOLD_MS",
        description="A query that takes longer is told of, in milliseconds.",
    )
    prometheus: bool = Field(
        default=True, validation_alias="PROMETHEUS_ENABLED", description="Whether /metrics answers."
    )
    metrics_port: int | None = Field(
        default=None,
        gt=0,
        le=65_535,
        validation_alias="METRICS_PORT",
        description="Port of the loopback address on which the metrics of all workers are served as well.",
    )
    server_timing: bool = Field(
        default=False, description="Whether answers say in Server-Timing where their time went."
    )
    request_seconds: float = Field(
        default=30.0,
        gt=0,
        description="Deadline of a request, in seconds: for its waits, its statements, its calls of others.",
    )
    data_dir: Path | None = Field(
        default=None,
        description="Where the embedded PostgreSQL keeps its data; unset: /var/lib/vcci for root, else "
        "~/.local/share/vcci.",
    )
    tenant: str = Field(
        default="local",
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        description="Short name of the tenant that the command line works for.",
    )
    secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Secret of the service, on which keys and cursors rest; the same on all hosts. Unset: "
        "one that the data folder keeps.",
    )
    development: bool = Field(
        default=False,
        description="Whether the pages under /admin answer without a key, to requests from this machine.",
    )
    workers: int = Field(default=1, gt=0, le=64, description="Processes that `vcci up` answers with.")
    max_body_bytes: int = Field(
        default=32_000_000, gt=0, description="Largest body of a request, in bytes; an upload is a file."
    )
    requests_per_minute: int = Field(
        default=6_000, gt=0, description="Requests that a tenant may send in a minute, over all workers."
    )
    max_file_bytes: int = Field(default=2_000_000_000, gt=0, description="Largest input file, in bytes.")
    max_unpacked_bytes: int = Field(
        default=200_000_000, gt=0, description="Largest workbook when unpacked, in bytes."
    )
    max_rows: int = Field(default=2_000_000, gt=0, description="Most rows in a workbook or Parquet file.")
    max_columns: int = Field(default=500, gt=0, description="Most columns in a file.")
    max_cells: int = Field(default=20_000_000, gt=0, description="Most cells in a workbook.")
    max_cell_bytes: int = Field(default=32_768, gt=0, description="Longest text in one cell, in bytes.")
    parser_memory_mb: int = Field(
        default=1_000, gt=0, description="Memory of the child process that parses a file, in MB."
    )
    parser_cpu_seconds: int = Field(
        default=60, gt=0, description="CPU time of the child process that parses a file, in seconds."
    )


def load() -> Settings:
    """Read the environment; raise `ConfigurationError` for a value or name that is not known."""
    _refuse_unknown(os.environ)
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0])
        raise ConfigurationError(
            f"The setting {variable(name)} is not valid: {first['msg']}.",
            remedy="`vcci settings` lists all settings; docs/settings.md says what they mean.",
            code="setting_invalid",
        ) from None


def variable(name: str) -> str:
    """Return the environment variable of a field; an alias is one already."""
    field = Settings.model_fields.get(name)
    alias = field.validation_alias if field else name
    return str(alias) if alias else f"{PREFIX}{name.upper()}"


def as_environment(settings: Settings) -> dict[str, str]:
    """Return the environment that gives a child process these settings; the service's secret stays here."""
    found = {}
    for name in set(Settings.model_fields) - {"secret"}:
        value = getattr(settings, name)
        if value is not None:
            found[variable(name)] = str(value.get_secret_value() if isinstance(value, SecretStr) else value)
    return found


def described() -> Iterator[tuple[str, str, str]]:
    """Yield every variable with its default and what it decides: the rows of docs/settings.md."""
    for name, field in Settings.model_fields.items():
        yield variable(name), "" if field.default is None else str(field.default), field.description or ""


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = [variable(name) for name in Settings.model_fields]
    for name in environment:
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise ConfigurationError(
                f"There is no setting {name}.",
                remedy=f"Did you mean {near[0]}?"
                if near
                else "Unset it; `vcci settings` lists all settings.",
                code="setting_unknown",
            )
