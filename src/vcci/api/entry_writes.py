"""Booking and correcting single activities: what the handlers do within the transaction of a write."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson

from vcci.database.connections import Connection
from vcci.database.emissions_read import FoundLine, line_by_id
from vcci.database.entry_lines import Booked
from vcci.database.entry_store import (
    Entry,
    add_entry,
    correct_entry,
    entry_by_id,
    is_supplier,
    supplier_named,
)
from vcci.database.ids import new_id, new_ids
from vcci.database.open_run import OpenRun, held_open_run
from vcci.domain.access import Principal
from vcci.edge.line_answers import line_ids_of
from vcci.edge.problems import ProblemError
from vcci.edge.versions import etag_of, refuse_other_version
from vcci.edge.write_once import Reply
from vcci.services.calculations import CalculatorFor
from vcci.services.entries import Booking, EntryRequest, booking_of

OUTDATED: Final = frozenset({"emissions", "runs", "suppliers"})
"""Groups of answers that a booking makes outdated: it may add a supplier."""


@dataclass(frozen=True, slots=True)
class EntryWrite:
    """An activity on its way into the open run of a principal's tenant."""

    principal: Principal
    asked: EntryRequest
    booking: Booking

    async def add(self, tx: Connection) -> Reply:
        """Book it."""
        run = await held_open_run(tx, self.principal.tenant_id)
        ids = new_ids(len(self.booking.lines))
        entry = self._entry(run, new_id(), version=1, lines=(run.next_row, ids))
        await add_entry(tx, run, entry, booked=await self._booked(tx, entry, ids))
        return _reply(entry, status=201, headers={"Location": f"/api/v1/emissions/{ids[0]}"})

    async def correct(self, tx: Connection, line_id: UUID, if_match: str) -> Reply:
        """Book it in the place of the entry that a line is of; lines keep their ids, as many as stay."""
        run, before = await self._held(tx, line_id)
        refuse_other_version(before.version, if_match)
        was = line_ids_of(before)
        count = len(self.booking.lines)
        ids = (*was, *new_ids(max(0, count - len(was))))[:count]
        first_row = before.first_row if count <= before.rows else run.next_row
        entry = self._entry(run, before.id, version=before.version + 1, lines=(first_row, ids))
        booked = await self._booked(tx, entry, ids)
        await correct_entry(tx, run, entry, booked=booked, was=(before, was))
        return _reply(entry, status=200)

    async def _held(self, tx: Connection, line_id: UUID) -> tuple[OpenRun, Entry]:
        """Return the open run and the entry of a line, which nobody else changes until this ends."""
        tenant_id = self.principal.tenant_id
        found = await line_by_id(tx, tenant_id, line_id)
        run = await held_open_run(tx, tenant_id) if _of_entry(found) else None
        found = await line_by_id(tx, tenant_id, line_id)  # as it is now that nobody else writes
        if found is None:
            raise ProblemError("not_found")
        entry = found.entry_id and await entry_by_id(tx, tenant_id, found.entry_id)
        if not entry or run is None:
            raise ProblemError("run_is_closed")
        return run, entry

    async def _booked(self, tx: Connection, entry: Entry, ids: Sequence[UUID]) -> Booked:
        booking = self.booking
        return Booked(
            entry.id,
            entry.first_row,
            ids,
            booking.lines,
            booking.day,
            await self._supplier(tx),
            caller_id=self.asked.id,
        )

    async def _supplier(self, tx: Connection) -> UUID | None:
        tenant_id, given = self.principal.tenant_id, self.asked.supplier_id
        if given is not None and not await is_supplier(tx, tenant_id, given):
            raise ProblemError("request_invalid", "There is no such supplier.", pointer="/supplier_id")
        if given is not None or not self.asked.supplier_name:
            return given
        return await supplier_named(tx, tenant_id, self.asked.supplier_name)

    def _entry(
        self, run: OpenRun, entry_id: UUID, *, version: int, lines: tuple[int, Sequence[UUID]]
    ) -> Entry:
        first_row, ids = lines
        answer: dict[str, Any] = self.booking.answer.as_json()
        told = {"entry_id": str(entry_id), "run_id": str(run.run_id), "version": version}
        numbered = enumerate(zip(ids, answer["lines"], strict=True), start=first_row)
        content = {
            **answer,
            **told,
            "lines": [{"id": str(one), "row_number": row, **line} for row, (one, line) in numbered],
        }
        return Entry(
            entry_id,
            run.run_id,
            first_row,
            len(ids),
            version,
            self.principal.key_id,
            self.asked.model_dump_json(exclude_defaults=True),
            orjson.dumps(content).decode(),
        )


def entry_write(principal: Principal, asked: EntryRequest, calculator_for: CalculatorFor) -> EntryWrite:
    """Calculate an activity; raises the problem of one that has a finding and so no lines."""
    booking = booking_of(asked, calculator_for=calculator_for)
    if booking.answer.reason:
        finding = booking.answer.as_json()["finding"]
        raise ProblemError("activity_not_calculated", finding["meaning"], more={"finding": finding})
    return EntryWrite(principal, asked, booking)


def _of_entry(found: FoundLine | None) -> bool:
    return found is not None and found.entry_id is not None


def _reply(entry: Entry, *, status: int, headers: dict[str, str] | None = None) -> Reply:
    tagged = {"ETag": etag_of(entry.version), **(headers or {})}
    return Reply(orjson.loads(entry.reply), status, tagged, OUTDATED)
