"""What a factor source is asked and how it answers; what does not fit exactly is no answer."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vcci.clients import remote_errors

Text = Annotated[str, Field(min_length=1, max_length=200)]
EXACT = r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?$"
"""A decimal as text: a number of JSON would lose digits on its way."""

STRICT = ConfigDict(strict=True, frozen=True, extra="ignore")


@dataclass(frozen=True, slots=True)
class FactorQuestion:
    """Which factor is asked for, and by whom. Without a year, the source's latest; so for its version."""

    tenant: str
    source: str
    activity: str
    region: str
    unit: str
    gwp_set: str
    year: int | None = None
    source_version: str = ""


class SourceFactor(BaseModel):
    """A factor as its source gives it: `value` kg CO2e per `unit`, as exact decimal text."""

    model_config = STRICT

    value: Annotated[str, Field(pattern=EXACT)]
    unit: Text
    gwp_set: Text
    source: Text
    version: Text
    licence: Text

    @property
    def value_kg_co2e(self) -> Decimal:
        """Return the value as a number."""
        return Decimal(self.value)


@dataclass(frozen=True, slots=True)
class FactorAbsent:
    """The source answered that it has no such factor: no failure, and no factor of zero."""

    question: FactorQuestion


FactorAnswer = SourceFactor | FactorAbsent


def factor_of(content: Any, question: FactorQuestion, *, host: str) -> SourceFactor:
    """Return the factor that a source sent; raises `RemoteCallError` if it is malformed or another one."""
    try:
        factor = SourceFactor.model_validate(content)
    except ValidationError as error:
        fields = ", ".join(sorted({str(one["loc"][0]) if one["loc"] else "all" for one in error.errors()}))
        raise remote_errors.malformed(host, f"is no factor (see {fields})") from None
    asked = {"unit": question.unit, "gwp_set": question.gwp_set, "source": question.source}
    if question.source_version:
        asked["version"] = question.source_version
    others = [name for name, value in asked.items() if getattr(factor, name) != value]
    if others:
        raise remote_errors.malformed(host, f"is for another {' and '.join(others)} than was asked for")
    return factor
