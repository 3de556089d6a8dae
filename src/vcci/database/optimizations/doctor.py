"""The state of the database on one screen: each finding with what to do. It reads, and changes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from vcci.database.connections import Connection
from vcci.database.migrate import current_revision, newest_revision
from vcci.database.optimizations.index_health import IndexHealth, index_health
from vcci.database.optimizations.indexes import ALL_INDEXES
from vcci.database.server_stats import (
    ServerFacts,
    TableRows,
    server_facts,
    server_settings,
    table_rows,
)
from vcci.database.tenants import leaks

State = Literal["ok", "warn", "fail"]

FULL_RATIO: Final = (0.8, 0.95)
LONG_S: Final = (300.0, 3_600.0)
"""From when on connections and transactions are a warning, and a failure."""

MANY_DEAD: Final = 10_000
DEAD_RATIO: Final = 0.2
MANY_ROWS: Final = 1_000
SHOWN: Final = 5

SETTINGS: Final[dict[str, tuple[str, State, str]]] = {
    "fsync": ("off", "fail", "Turn it on: without it a crash destroys the database."),
    "full_page_writes": ("off", "fail", "Turn it on: without it a crash can tear pages."),
    "autovacuum": ("off", "fail", "Turn it on: without it tables grow, and plans go wrong."),
    "track_counts": ("off", "fail", "Turn it on: autovacuum and index statistics rest on it."),
    "synchronous_commit": ("off", "warn", "Turn it on, or accept to lose the last commits in a crash."),
    "jit": ("on", "warn", "Turn it off: compiling costs short queries more than it spares them."),
}
"""The value of each setting that is to be told, how bad it is, and what to do."""

PLANNED: Final = ("shared_buffers", "effective_cache_size", "work_mem", "random_page_cost", "max_connections")
"""Settings that are shown and not judged: they depend on the machine."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that was examined: ok, warn or fail, what was found, and what to do."""

    what: str
    state: State
    told: str
    remedy: str = ""


async def examined(connection: Connection) -> list[Verdict]:
    """Return a verdict on everything; of a database without a schema only what is so without one."""
    facts = await server_facts(connection)
    settings = await server_settings(connection, [*SETTINGS, *PLANNED])
    found = [*_server(facts), *_settings(settings)]
    revision = await current_revision(connection)
    found.append(_migrations(revision))
    if revision is None:
        return found
    found += _indexes(await index_health(connection, ALL_INDEXES))
    found.append(_row_security(await leaks(connection)))
    return found + list(_tables(await table_rows(connection)))


def _server(facts: ServerFacts) -> Iterator[Verdict]:
    kind = ", a replica" if facts.is_replica else ""
    yield Verdict("version", "ok", f"PostgreSQL {facts.version}{kind}")
    used = facts.connections / max(1, facts.most_connections)
    yield Verdict(
        "connections",
        _graded(used, FULL_RATIO),
        f"{facts.connections:,} of {facts.most_connections:,} in use",
        "Lower the pools of the workers, put PgBouncer before the server, or raise max_connections."
        if used >= FULL_RATIO[0]
        else "",
    )
    longest_s = facts.longest_transaction_s
    yield Verdict(
        "transactions",
        _graded(longest_s, LONG_S),
        f"the oldest is open for {longest_s:,.0f} s",
        "Find it in pg_stat_activity and end it: dead rows are kept for it, and index builds wait."
        if longest_s >= LONG_S[0]
        else "",
    )
    age_s = facts.statistics_age_s
    yield Verdict(
        "statistics", "ok", "never reset" if age_s is None else f"reset {age_s / 86_400:,.1f} days ago"
    )


def _graded(value: float, bounds: tuple[float, float]) -> State:
    return "fail" if value >= bounds[1] else "warn" if value >= bounds[0] else "ok"


def _settings(found: Mapping[str, str]) -> Iterator[Verdict]:
    for name, (value, state, remedy) in SETTINGS.items():
        if found.get(name) == value:
            yield Verdict(name, state, f"is {value}", remedy)
    shown = ", ".join(f"{name} {found[name]}" for name in PLANNED if name in found)
    yield Verdict("settings", "ok", shown)


def _migrations(revision: str | None) -> Verdict:
    newest = newest_revision()
    if revision == newest:
        return Verdict("migrations", "ok", f"at {newest}, the newest")
    told = "the database has no schema" if revision is None else f"at {revision}, the newest is {newest}"
    return Verdict("migrations", "fail", told, "Migrate: `vcci db start`, or start the service.")


def _indexes(found: IndexHealth) -> Iterator[Verdict]:
    build = "Run `vcci db indexes --create`: it builds them beside running work."
    yield _listed("indexes missing", [one.name for one in found.missing], build)
    yield _listed("indexes not valid", [one.name for one in found.invalid], build)
    pairs = [*found.duplicate, *found.covered]
    again = [f"{one.name} (as {other.name})" for one, other in pairs]
    yield _listed("indexes twice", again, "Drop the first of each pair.")
    unused = ", ".join(one.name for one in found.unused[:SHOWN])
    told = f"{len(found.unused):,}: {unused}" if unused else "none"
    yield Verdict("indexes unused", "ok", "; ".join([told, *(found.caveats if unused else [])]))


def _listed(what: str, names: Sequence[str], remedy: str) -> Verdict:
    if not names:
        return Verdict(what, "ok", "none")
    rest = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return Verdict(what, "warn", ", ".join(names[:SHOWN]) + rest, remedy)


def _row_security(found: Sequence[str]) -> Verdict:
    if not found:
        return Verdict("row security", "ok", "on every table of tenants, with nothing that passes by it")
    remedy = "Undo what was changed by hand; migrations leave nothing of the kind."
    return Verdict("row security", "fail", "; ".join(found[:SHOWN]), remedy)


def _tables(tables: Sequence[TableRows]) -> Iterator[Verdict]:
    dead = [
        f"{one.name} ({one.dead:,})"
        for one in tables
        if one.dead >= MANY_DEAD and one.dead >= DEAD_RATIO * (one.live + one.dead)
    ]
    yield _listed("dead rows", dead, "Run VACUUM on them, and see why autovacuum does not come to them.")
    unread = [one.name for one in tables if one.live >= MANY_ROWS and not one.is_analyzed]
    yield _listed("never analyzed", unread, "Run ANALYZE on them: plans rest on guesses until then.")
