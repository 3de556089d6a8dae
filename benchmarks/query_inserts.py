"""A thousand lines added in one transaction, committed: the product's way, others, and COPY.

PostgreSQL refuses COPY to whoever is under row security, so it is the limit here: the login itself copies.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
from benchmarks.before.orm_queries import Line
from benchmarks.query_ways import Ask, Queries
from benchmarks.rounds import Cost, Way, in_turns, refuse_unless, spread
from sqlalchemy import insert
from sqlalchemy.orm import Session

from vcci.database.connections import plain_url
from vcci.database.ids import new_ids
from vcci.database.optimizations.bulk import insert_records
from vcci.database.tenants import Role

BATCH = 1_000
COLUMNS = (
    "tenant_id", "run_id", "id", "row_number", "supplier_id", "scope3_category", "transaction_date",
    "multiplier_key", "amount", "co2e_mg", "notices",
)  # fmt: skip
ONE = (
    f"INSERT INTO vcci.emissions ({', '.join(COLUMNS)})"
    f" VALUES ({', '.join(f'${number}' for number in range(1, len(COLUMNS) + 1))})"
)
COUNT = "SELECT count(*) FROM vcci.emissions WHERE tenant_id = $1 AND run_id = $2"


class TakenBackError(Exception):
    """What was added is not to stay."""


class Inserts:
    """The ways to add lines, and how many were added."""

    def __init__(self, queries: Queries, copier: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._queries = queries
        self._copier = copier
        self.batches = 0

    def ways(self) -> dict[str, Ask]:
        """Return all ways."""
        return {
            "ours": self._ours,
            "naive": self._add_all,
            "executemany": self._executemany,
            "insertmanyvalues": self._core,
            "copy": self._copy,
        }

    def in_vain(self) -> dict[str, Ask]:
        """Return ways that take back what they add, so that it can be added once more to be explained."""

        async def ours(_: int) -> None:
            with suppress(TakenBackError):
                async with self._queries.pool.transaction(self._tenant_id, role=Role.LOADER) as tx:
                    await insert_records(tx, "vcci.emissions", self.records())
                    raise TakenBackError

        def added(session: Session) -> None:
            session.add_all([Line(**one) for one in self.records()])
            session.flush()
            raise TakenBackError

        async def naive(_: int) -> None:
            with suppress(TakenBackError):
                await self._queries.naive.within(added, role=Role.LOADER.value)

        return {"ours": ours, "naive": naive}

    def records(self) -> list[dict[str, Any]]:
        """Return a thousand new lines."""
        data = self._queries.data
        same: Sequence[Any] = (None, 1, date(2025, 6, 30), 1, 1.0, 1, "")
        return [
            dict(zip(COLUMNS, (data.tenant_id, data.run_id, line_id, data.rows + place, *same), strict=True))
            for place, line_id in enumerate(new_ids(BATCH), start=1)
        ]

    async def _ours(self, _: int) -> None:
        async with self._queries.pool.transaction(self._tenant_id, role=Role.LOADER) as tx:
            await insert_records(tx, "vcci.emissions", self.records())

    async def _add_all(self, _: int) -> None:
        await self._queries.naive.add_all(self.records())

    async def _executemany(self, _: int) -> None:
        async with self._queries.pool.transaction(self._tenant_id, role=Role.LOADER) as tx:
            await tx.executemany(ONE, [tuple(one.values()) for one in self.records()])

    async def _core(self, _: int) -> None:
        query = insert(Line.__table__).returning(Line.__table__.c.id)  # type: ignore[arg-type]
        records = self.records()
        ids = await self._queries.naive.within(
            lambda session: session.connection().execute(query, records).all(), role=Role.LOADER.value
        )
        refuse_unless(len(ids) == BATCH, f"insertmanyvalues gave {len(ids)} ids")

    async def _copy(self, _: int) -> None:
        records = [tuple(one.values()) for one in self.records()]
        await self._copier.copy_records_to_table(
            "emissions", schema_name="vcci", columns=COLUMNS, records=records
        )

    def counted(self, way: Ask) -> Way:
        """Return a way one after the other, counted."""

        async def times(times: int) -> None:
            await spread(times, 1, way)
            self.batches += times

        return times

    @property
    def _tenant_id(self) -> UUID:
        return self._queries.data.tenant_id


async def inserts(
    queries: Queries, *, rounds: int, seconds: float
) -> tuple[dict[str, list[Cost]], dict[str, float]]:
    """Return what each way costs, and the blocks that ours and the naive way touch; all lines are counted."""
    data = queries.data
    copier = await asyncpg.connect(plain_url(data.url))
    made = Inserts(queries, copier)
    turns: dict[str, Way] = {name: made.counted(way) for name, way in made.ways().items()}
    costs = await in_turns(turns, rounds=rounds, seconds=seconds)
    buffers = {
        f"{named}_buffers": await queries.buffers(name, made.in_vain()[name], role=Role.LOADER)
        for name, named in (("ours", "insert"), ("naive", "insert_naive"))
    }
    found = await copier.fetchval(COUNT, data.tenant_id, data.run_id)
    await copier.close()
    expected = data.rows + made.batches * BATCH
    refuse_unless(found == expected, f"there are {found} lines, and should be {expected}")
    return costs, dict(buffers)
