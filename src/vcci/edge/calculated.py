"""Calculations for a principal: the answers as they are sent, and as they are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson
from pydantic import ValidationError

from vcci.database.calculation_store import StoredCalculation
from vcci.database.ids import new_id
from vcci.domain.access import Principal
from vcci.monitoring.performance import get_performance_monitor
from vcci.runtime.service import Service
from vcci.services.activity_request import ActivityRequest
from vcci.services.calculations import Answer, calculate

OUTDATED: Final = frozenset({"calculations"})
"""The groups of answers that a calculation makes outdated."""


@dataclass(frozen=True, slots=True)
class Calculated:
    """A calculation: `body` is the JSON of its answer; what was no activity at all is not stored."""

    body: bytes
    stored: StoredCalculation | None


def calculated(service: Service, principal: Principal, asked: ActivityRequest) -> StoredCalculation:
    """Calculate an activity; it is not stored yet, and its `reply` is the answer."""
    answer = calculate([asked], calculator_for=service.calculator_for)[0]
    return _stored(principal, asked, answer, told={})


def calculated_records(
    service: Service, principal: Principal, records: Sequence[Any], *, first: int
) -> list[Calculated]:
    """Calculate records of a batch, of which `first` is the index of the first; none touches another."""
    asked = [_read(raw) for raw in records]
    answers = calculate(asked, calculator_for=service.calculator_for)
    made = []
    for index, (one, answer) in enumerate(zip(asked, answers, strict=True), start=first):
        told = {"index": index}
        if not isinstance(one, ActivityRequest):
            made.append(Calculated(orjson.dumps({**told, **answer.as_json()}), None))
            continue
        stored = _stored(principal, one, answer, told=told)
        made.append(Calculated(stored.reply.encode(), stored))
    return made


def _read(raw: Any) -> ActivityRequest | Any:
    """Return the activity; what is none is left as it is, for the answer to say why."""
    try:
        return ActivityRequest.model_validate(raw)
    except ValidationError:
        return raw


def _stored(
    principal: Principal, asked: ActivityRequest, answer: Answer, *, told: dict[str, Any]
) -> StoredCalculation:
    status = "unanswered" if answer.reason else "calculated"
    get_performance_monitor().metrics.track_calculation(asked.category, status)
    calculation_id: UUID = new_id()
    reply = orjson.dumps({**told, "calculation_id": str(calculation_id), **answer.as_json()}).decode()
    return StoredCalculation(
        calculation_id,
        datetime.now(UTC),
        principal.key_id,
        asked.category,
        None if answer.reason else answer.total_mg_co2e,
        asked.model_dump_json(exclude_defaults=True),
        reply,
    )
