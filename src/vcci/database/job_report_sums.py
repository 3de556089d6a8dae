"""The sums of a report in the order in which they are shown, so many at a time, however many there are.

The same sums as those of a report that is made at once (report_read.py): PostgreSQL sorts them, and nobody
holds more than a batch. What factors add to them, for intervals, comes in the same order beside it.
"""

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.keyset import Parameters
from vcci.database.report_read import SUMS, facts_of, group_of, query_of
from vcci.engine.uncertainty import Share
from vcci.services.emission_reports import Dimension, FactorShare, Group, ReportAsked

ALL: Final = ("()",)
"""Grouping by nothing more: the query has no most groups then."""

OF_FACTORS: Final = ("f.factor_id", "f.ln_sigma")


@dataclass(slots=True)
class SharesInOrder:
    """What factors add to groups, read as far as these groups go; the groups come in their order."""

    batches: AsyncIterator[list[FactorShare]]
    key_of: Callable[[Any], tuple[Any, ...]]
    _ahead: deque[FactorShare] = field(default_factory=deque)

    async def of(self, groups: Sequence[Group]) -> list[FactorShare]:
        """Return the shares of the groups that come next."""
        keys, found = {self.key_of(group.of) for group in groups}, []
        while self._ahead or await self._more():
            if self.key_of(self._ahead[0].of) not in keys:
                break
            found.append(self._ahead.popleft())
        return found

    async def _more(self) -> bool:
        self._ahead.extend(await anext(self.batches, []))
        return bool(self._ahead)


async def sum_batches(
    tx: Connection, tenant_id: UUID, asked: ReportAsked, *, batch_rows: int
) -> AsyncGenerator[list[Group]]:
    """Yield the groups of a report, so many at a time, in the order of `EmissionReport`."""
    parameters = Parameters([tenant_id])
    facts = list(facts_of(asked, parameters, is_by_factor=Dimension.REGION in asked.group_by))
    if not asked.runs or not facts:
        return
    query = f"SELECT * FROM ({query_of(asked, facts, SUMS, by=ALL)}) q ORDER BY {_order(asked, size='s1')}"
    async with aclosing(_batches(tx, query, parameters.values, batch_rows=batch_rows)) as batches:
        async for rows in batches:
            yield [group_of(asked, row) for row in rows]


async def share_batches(
    tx: Connection, tenant_id: UUID, asked: ReportAsked, *, batch_rows: int
) -> AsyncGenerator[list[FactorShare]]:
    """Yield what each factor adds to each group, so many at a time, in the order of the groups."""
    parameters = Parameters([tenant_id])
    facts = list(facts_of(asked, parameters, is_by_factor=True))
    if not asked.runs:
        return
    sums = (SUMS[1], *OF_FACTORS)
    dimensions = ", ".join(f"d{number}" for number in range(len(asked.group_by)))
    window = f"PARTITION BY {dimensions}" if dimensions else ""
    query = (
        f"SELECT * FROM (SELECT q.*, sum(s0) OVER ({window}) AS size"
        f" FROM ({query_of(asked, facts, sums, by=OF_FACTORS)}) q) w ORDER BY {_order(asked, size='size')}"
    )
    async with aclosing(_batches(tx, query, parameters.values, batch_rows=batch_rows)) as batches:
        async for rows in batches:
            yield [_share(asked, row) for row in rows]


async def _batches(
    tx: Connection, query: str, values: Sequence[Any], *, batch_rows: int
) -> AsyncGenerator[list[Any]]:
    """Yield the rows of a query by a cursor of the server."""
    cursor = await tx.cursor(query, *values)
    while rows := await cursor.fetch(batch_rows):
        yield rows


def _order(asked: ReportAsked, *, size: str) -> str:
    """Return the order: plain dimensions rising, without one last; then the largest, then by supplier."""
    order, supplier = [], []
    for number, one in enumerate(asked.group_by):
        if one is Dimension.SUPPLIER:
            supplier = [f"coalesce(d{number}::text, 'None') COLLATE \"C\""]
        else:
            place = "" if one is Dimension.CATEGORY else ' COLLATE "C"'
            order.append(f"d{number}{place} NULLS LAST")
    return ", ".join([*order, f"{size} DESC", *supplier])


def _share(asked: ReportAsked, row: Any) -> FactorShare:
    *values, _, mg, factor_id, ln_sigma, _, _ = row
    of = dict(zip(asked.group_by, values, strict=True))
    return FactorShare(of, Share(factor_id, int(mg), ln_sigma))
