"""An activity as a caller writes it (JSON): checked, and turned into the engine's words.

Numbers are taken as they are written, as texts; `vcci schema` prints the JSON Schema of these models.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from vcci.domain.activity import ActivityData
from vcci.domain.factor import OwnFactor
from vcci.engine.choose import CALLER, OWN_FACTOR_PREFIX
from vcci.services.json_values import NO_BOOLEAN

MAX_TEXT = 1_000
"""Longest text of a request, in characters."""


def _as_text(given: object) -> object:
    if isinstance(given, float):
        return format(Decimal(repr(given)), "f")
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


WRITABLE = r"^[^\x00]*$"
"""What PostgreSQL can keep: any text without U+0000."""

NUMBER = r"^-?[0-9]{1,18}(\.[0-9]{1,340})?$"
FIGURE = r"^[0-9]{1,18}(\.[0-9]{1,340})?$"
"""The smallest double has 324 decimals."""

BELOW = 10**18


def _text_or_number(text: dict[str, Any], number: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": "string", **text}, {"type": "number", **number}]})


Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT, pattern=WRITABLE)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=WRITABLE)]
NAMES: dict[str, Any] = {"propertyNames": {"pattern": WRITABLE, "minLength": 1, "maxLength": 40}}
ShortText = Annotated[str, StringConstraints(max_length=40, pattern=WRITABLE)]
Number = Annotated[
    str,
    BeforeValidator(_as_text),
    StringConstraints(pattern=NUMBER),
    _text_or_number({"pattern": NUMBER}, {"exclusiveMinimum": -BELOW, "exclusiveMaximum": BELOW}),
]
Figure = Annotated[
    str,
    BeforeValidator(_as_text),
    StringConstraints(pattern=FIGURE),
    _text_or_number({"pattern": FIGURE}, {"minimum": 0, "exclusiveMaximum": BELOW}),
]
"""A figure of a factor: what is taken out of the air is stated apart, never as a factor below zero."""

Quantity = Annotated[
    str,
    BeforeValidator(_as_text),
    StringConstraints(min_length=1, max_length=MAX_TEXT, pattern=WRITABLE),
    _text_or_number({"minLength": 1, "maxLength": MAX_TEXT, "pattern": WRITABLE}, {}),
]
"""A number with its unit, such as "50 km", or a bare number or share."""

Id = Annotated[
    str,
    BeforeValidator(_as_text),
    StringConstraints(max_length=MAX_TEXT, pattern=WRITABLE),
    _text_or_number({"maxLength": MAX_TEXT, "pattern": WRITABLE}, {}),
]
"""What the caller knows an activity by."""

ONE_FIGURE: dict[str, Any] = {
    "oneOf": [
        {
            "required": ["value"],
            "properties": {
                "value": {"not": {"type": "null"}},
                "gases": {"maxProperties": 0},
                "gases_kg_co2e": {"maxProperties": 0},
            },
        },
        {
            "required": ["gases"],
            "properties": {
                "value": {"type": "null"},
                "gases": {"minProperties": 1},
                "gases_kg_co2e": {"maxProperties": 0},
            },
        },
        {
            "required": ["gases_kg_co2e"],
            "properties": {
                "value": {"type": "null"},
                "gases": {"maxProperties": 0},
                "gases_kg_co2e": {"minProperties": 1},
            },
        },
    ]
}
"""A factor says how much exactly once."""

BY_METHOD_OR_QUANTITY: dict[str, Any] = {
    "oneOf": [
        {
            "required": ["method"],
            "properties": {
                "method": {"minLength": 1},
                "quantity": {"type": "null"},
                "unit": {"maxLength": 0},
            },
        },
        {
            "properties": {
                "method": {"maxLength": 0},
                "inputs": {"maxProperties": 0},
                "factors": {"maxProperties": 0},
            }
        },
    ]
}
"""With a method the quantity is one of its inputs; inputs and factors of parts need a method."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FactorOfCaller(_Strict, json_schema_extra=ONE_FIGURE):
    """A factor of the caller's own: `value` in kg CO2e per `unit`, or its gases.

    `gases` are kg of each gas, weighed in `gwp_set`; `gases_kg_co2e` are weighed in it already.
    """

    value: Figure | None = None
    unit: Text
    source: Text
    price_year: Annotated[int, Field(ge=1900, le=2200), NO_BOOLEAN] | None = None
    gases: Mapping[Name, Figure] = Field(default_factory=dict, json_schema_extra=NAMES)
    gases_kg_co2e: Mapping[Name, Figure] = Field(default_factory=dict, json_schema_extra=NAMES)
    gwp_set: ShortText = ""
    biogenic_kg_co2: Figure | None = None

    @model_validator(mode="after")
    def _says_how_much_once(self) -> Self:
        if sum(map(bool, (self.value, self.gases, self.gases_kg_co2e))) != 1:
            raise ValueError("a factor needs exactly one of value, gases and gases_kg_co2e")
        return self

    def as_own_factor(self) -> OwnFactor:
        """Return the factor in the engine's words."""
        return OwnFactor(
            value=self.value or "",
            unit=self.unit,
            source=self.source,
            price_year=self.price_year,
            gases=dict(self.gases),
            gases_kg_co2e=dict(self.gases_kg_co2e),
            gwp_set=self.gwp_set,
            biogenic_kg_co2=self.biogenic_kg_co2 or "",
        )


Factor = Text | FactorOfCaller
"""The activity of a pack (`desnz2025:25_315_3147_11_1`), or a factor of the caller's own."""


class ActivityRequest(_Strict, json_schema_extra=BY_METHOD_OR_QUANTITY):
    """One activity: `quantity` and `unit`, or a `method` of the category with its `inputs` by name.

    `factor` is that of the activity, `factors` those of single parts of its method; `id` comes back as it is.
    """

    id: Id = ""
    category: Annotated[int, Field(ge=1, le=15), NO_BOOLEAN]
    method: ShortText = ""
    quantity: Number | None = None
    unit: ShortText = ""
    inputs: Mapping[Name, Quantity] = Field(default_factory=dict, json_schema_extra=NAMES)
    factor: Factor | None = None
    factors: Mapping[Name, Factor] = Field(default_factory=dict, json_schema_extra=NAMES)
    date: Annotated[str, StringConstraints(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")] = ""
    price_year: Annotated[int, Field(ge=1900, le=2200), NO_BOOLEAN] | None = None
    region: Annotated[str, StringConstraints(pattern="^([A-Z]{2})?$")] = ""

    @model_validator(mode="after")
    def _uses_all_that_is_given(self) -> Self:
        if self.method and (self.quantity is not None or self.unit):
            raise ValueError("with a method, the quantity is one of its inputs")
        if not self.method and (self.inputs or self.factors):
            raise ValueError("inputs and factors of parts need a method")
        return self

    def in_words_of_the_engine(self) -> tuple[ActivityData, dict[str, OwnFactor]]:
        """Return the activity and the caller's own factors that it names."""
        own: dict[str, OwnFactor] = {}

        def named(factor: Factor | None) -> str:
            if factor is None or isinstance(factor, str):
                return factor or ""
            meant = factor.as_own_factor()
            known = (name for name, other in own.items() if other == meant)
            name = next(known, f"{CALLER}{len(own) + 1}")
            own[name] = meant
            return OWN_FACTOR_PREFIX + name

        activity = ActivityData(
            activity=named(self.factor),
            quantity=self.quantity or "",
            unit=self.unit,
            date=self.date,
            price_year=self.price_year,
            region=self.region,
            category=self.category,
            method=self.method,
            inputs=dict(self.inputs),
            factors={part: named(factor) for part, factor in self.factors.items()},
        )
        return activity, own


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a request: one activity, or an array of them."""
    one = ActivityRequest.model_json_schema()
    definitions = one.pop("$defs", {})
    definitions["ActivityRequest"] = one
    reference = {"$ref": "#/$defs/ActivityRequest"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Activities for `vcci calculate`",
        "anyOf": [reference, {"type": "array", "items": reference}],
        "$defs": definitions,
    }
