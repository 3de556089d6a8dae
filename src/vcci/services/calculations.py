"""Single activities: from a request to lines with their derivation, or to a finding with its remedy."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from vcci.domain.display import exact_kilograms
from vcci.domain.factor import OwnFactor
from vcci.domain.finding import NOTICES, REASONS
from vcci.domain.line import EmissionLine
from vcci.domain.selection import Unresolved
from vcci.engine.calculate import Calculator
from vcci.services.activity_request import ActivityRequest

CalculatorFor = Callable[[Mapping[str, OwnFactor]], Calculator]
"""The calculator over the packs in use and the given factors of the caller's own."""

MALFORMED = "request_malformed"


@dataclass(frozen=True, slots=True)
class Answer:
    """The lines of an activity, or why it has none; `reason` is a code of the findings, empty with lines."""

    id: str
    lines: tuple[EmissionLine, ...] = ()
    reason: str = ""
    tried: tuple[str, ...] = ()

    @property
    def total_mg_co2e(self) -> int:
        """The sum of the lines, without those that are stated apart."""
        return sum(line.emissions_mg_co2e for line in self.lines if not line.is_apart)

    def as_json(self) -> dict[str, Any]:
        """Return the answer in plain values; kilograms are exact decimal texts."""
        if self.reason:
            why = REASONS[self.reason]
            finding = {
                "code": self.reason,
                "meaning": why.meaning,
                "remedy": why.remedy,
                "tried": list(self.tried),
            }
            return {"id": self.id, "finding": finding}
        return {
            "id": self.id,
            "total_kg_co2e": exact_kilograms(self.total_mg_co2e),
            "lines": [_line(line) for line in self.lines],
        }


def calculate(requests: Iterable[Any], *, calculator_for: CalculatorFor) -> list[Answer]:
    """Return an answer for each request, in their order; a bad one does not touch the others."""
    shared = calculator_for({})
    return [_answer(raw, shared=shared, calculator_for=calculator_for) for raw in requests]


def _answer(raw: Any, *, shared: Calculator, calculator_for: CalculatorFor) -> Answer:
    name = str(raw.get("id", "")) if isinstance(raw, dict) else ""
    try:
        request = raw if isinstance(raw, ActivityRequest) else ActivityRequest.model_validate(raw)
    except ValidationError as error:
        return Answer(name, reason=MALFORMED, tried=_faults(error))
    activity, own = request.in_words_of_the_engine()
    lines = (calculator_for(own) if own else shared).lines(activity)
    if isinstance(lines, Unresolved):
        return Answer(request.id, reason=lines.reason, tried=lines.tried)
    return Answer(request.id, lines)


def _faults(error: ValidationError) -> tuple[str, ...]:
    return tuple(
        f"{'.'.join(map(str, fault['loc'])) or 'request'}: {fault['msg']}" for fault in error.errors()
    )


def _interval(line: EmissionLine) -> list[str] | None:
    bounds = line.interval_mg_co2e
    return None if bounds is None else [exact_kilograms(mg) for mg in bounds]


def _line(line: EmissionLine) -> dict[str, Any]:
    return {
        "category": line.category,
        "method": line.method,
        "part": line.part,
        "amount": line.amount,
        "emissions_kg_co2e": exact_kilograms(line.emissions_mg_co2e),
        "emissions_mg_co2e": line.emissions_mg_co2e,
        "gases_kg_co2e": {gas: exact_kilograms(mg) for gas, mg in line.gases_mg_co2e.items()},
        "biogenic_kg_co2": None if line.biogenic_mg_co2 is None else exact_kilograms(line.biogenic_mg_co2),
        "is_apart": line.is_apart,
        "interval_95_kg_co2e": _interval(line),
        "data_quality": dict(line.quality.scores),
        "factor": {"id": line.factor_id, "unit": line.factor_unit, "pack": line.pack},
        "notices": [{"code": code, "meaning": NOTICES[code]} for code in line.notices],
        "derivation": list(line.steps),
    }
