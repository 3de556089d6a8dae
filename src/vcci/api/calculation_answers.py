"""How calculations are told over HTTP: what an answer holds, and batches part by part."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field

from vcci.database.announcements import announce_outdated
from vcci.database.calculation_store import StoredCalculation, add_calculations
from vcci.database.connections import Connection
from vcci.database.tenants import Role
from vcci.domain.access import Principal
from vcci.domain.display import exact_kilograms
from vcci.edge.calculated import OUTDATED, calculated_records
from vcci.edge.problems import KINDS
from vcci.errors import VcciError
from vcci.monitoring.performance import get_performance_monitor
from vcci.runtime.service import Service

RECORDS_OF_A_PART: Final = 1_000
"""Calculated, stored and sent together; the first answers leave while the last are still to be calculated."""

HISTORY_KEPT: Final = {"Cache-Control": "private, max-age=60", "Cache-Groups": '"calculations"'}


class FindingAnswer(BaseModel):
    """Why there is no line, and what to do."""

    code: str
    meaning: str
    remedy: str
    tried: list[str]


class CalculatedLine(BaseModel):
    """A line as it was calculated; `derivation` is each step in words and numbers."""

    model_config = ConfigDict(extra="allow")

    category: int
    method: str
    part: str
    amount: float
    emissions_kg_co2e: str
    emissions_mg_co2e: int
    derivation: list[str]


class CalculationAnswer(BaseModel):
    """Lines with their total, or a finding; `id` is what the caller named the activity."""

    calculation_id: UUID
    id: str
    total_kg_co2e: str | None = None
    lines: list[CalculatedLine] = []
    finding: FindingAnswer | None = None


class RecordAnswer(BaseModel):
    """The answer to one record of a batch: lines, a finding, or a problem; `index` is its place from 0.

    A record that is no activity, and one that could not be stored, has no `calculation_id`.
    """

    index: int
    id: str = ""
    calculation_id: UUID | None = None
    total_kg_co2e: str | None = None
    lines: list[CalculatedLine] = []
    finding: FindingAnswer | None = None
    problem: dict[str, str] | None = None


class BatchAnswer(BaseModel):
    """The answers to a batch, in the order of its records."""

    results: list[RecordAnswer]


class PastCalculation(BaseModel):
    """A calculation of the history, as it was asked and answered."""

    calculation_id: UUID
    created_at: datetime
    api_key_id: UUID
    category: int | None = Field(description="None where none was given.")
    total_kg_co2e: str | None = Field(description="None where there was a finding and no line.")
    request: dict[str, Any]
    reply: dict[str, Any]


def past_as_json(one: StoredCalculation) -> dict[str, Any]:
    """Return a calculation in plain values, as `PastCalculation` says."""
    return {
        "calculation_id": str(one.id),
        "created_at": one.created_at,
        "api_key_id": str(one.api_key_id),
        "category": one.category,
        "total_kg_co2e": None if one.co2e_mg is None else exact_kilograms(one.co2e_mg),
        "request": orjson.loads(one.request),
        "reply": orjson.loads(one.reply),
    }


@dataclass(frozen=True, slots=True)
class BatchForm:
    """What stands before, between and after the answers of a batch."""

    media_type: str
    head: bytes
    between: bytes
    tail: bytes


AS_JSON: Final = BatchForm("application/json", b'{"results":[', b",", b"]}")
AS_LINES: Final = BatchForm("application/x-ndjson", b"", b"\n", b"\n")


@dataclass(frozen=True, slots=True)
class Batch:
    """The records of a batch on their way through calculation and store."""

    service: Service
    principal: Principal
    records: Sequence[Any]
    form: BatchForm

    async def whole(self, tx: Connection) -> bytes:
        """Calculate and store all in one transaction."""
        told = [await self._part(tx, first) for first in self._parts()]
        return self.form.head + self.form.between.join(told) + self.form.tail

    async def in_parts(self) -> AsyncIterator[bytes]:
        """Yield the answers part by part, each once it is stored."""
        yield self.form.head
        for first in self._parts():
            yield (self.form.between if first else b"") + await self._stored_or_refused(first)
        yield self.form.tail

    def _parts(self) -> range:
        return range(0, len(self.records), RECORDS_OF_A_PART)

    async def _stored_or_refused(self, first: int) -> bytes:
        """Return the answers of a part; where it could not be stored, each of them is the problem."""
        tenant_id = self.principal.tenant_id
        try:
            async with self.service.pool.transaction(tenant_id, role=Role.LOADER) as tx:
                told = await self._part(tx, first)
                said = await announce_outdated(tx, tenant_id, OUTDATED)
        except VcciError as error:
            count = len(self.records[first : first + RECORDS_OF_A_PART])
            return self.form.between.join(_refused(index, error) for index in range(first, first + count))
        await self.service.outdated(said)
        return told

    async def _part(self, tx: Connection, first: int) -> bytes:
        records = self.records[first : first + RECORDS_OF_A_PART]
        with get_performance_monitor().metrics.track_batch("calculator") as batch:
            batch.records = len(records)
            made = await asyncio.to_thread(
                calculated_records, self.service, self.principal, records, first=first
            )
            await add_calculations(tx, self.principal.tenant_id, [one.stored for one in made if one.stored])
        return self.form.between.join(one.body for one in made)


def _refused(index: int, error: VcciError) -> bytes:
    kind = KINDS["service_away"]
    problem = {"code": error.code, "title": kind.title, "detail": error.what, "hint": error.remedy}
    return orjson.dumps({"index": index, "problem": problem})
