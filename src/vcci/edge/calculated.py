"""One calculation for a principal: the answer as it is sent, and as it is kept."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import orjson

from vcci.database.calculation_store import StoredCalculation
from vcci.database.ids import new_id
from vcci.domain.access import Principal
from vcci.runtime.service import Service
from vcci.services.activity_request import ActivityRequest
from vcci.services.calculations import calculate

OUTDATED = frozenset({"calculations"})
"""The groups of answers that a calculation makes outdated."""


@dataclass(frozen=True, slots=True)
class Calculated:
    """A calculation: `body` is the JSON of its answer."""

    body: bytes
    stored: StoredCalculation


def calculated(service: Service, principal: Principal, asked: ActivityRequest) -> Calculated:
    """Calculate an activity; it is not stored yet."""
    answer = calculate([asked], calculator_for=service.calculator_for)[0]
    calculation_id: UUID = new_id()
    body = orjson.dumps({"calculation_id": str(calculation_id), **answer.as_json()})
    stored = StoredCalculation(
        calculation_id,
        datetime.now(UTC),
        principal.key_id,
        asked.category,
        None if answer.reason else answer.total_mg_co2e,
        asked.model_dump_json(exclude_defaults=True),
        body.decode(),
    )
    return Calculated(body, stored)
