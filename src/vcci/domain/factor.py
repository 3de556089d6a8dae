"""Emission factors and the packs that they come in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

FACTOR_KINDS: Final = ("factors", "physical_factors", "gwp")
"""The kinds of packs that give emission factors: per money, per physical unit, per kg of a gas."""


class PriceBasis(StrEnum):
    """Which price a factor per money is meant for."""

    PURCHASER = "purchaser"
    BASIC = "basic"


@dataclass(frozen=True, slots=True)
class EmissionFactor:
    """kg CO2e per `unit` (a currency or a physical unit); `price_year` and `price_basis` where money.

    `price_index` deflates it; where the commodity has several, it is the first of them. `year` is the one
    that a physical factor is published for. `gases_kg_co2e` holds CO2, CH4 and N2O where they are published,
    as CO2e in `gwp_set`; biogenic CO2 is never in the value.
    """

    id: str
    activity: str
    name: str
    value_kg_co2e: Decimal
    unit: str
    region: str
    gwp_set: str
    pack: str
    price_year: int | None = None
    price_basis: PriceBasis | None = None
    price_index: str = ""
    has_several_price_indices: bool = False
    notices: tuple[str, ...] = ()
    year: int | None = None
    gases_kg_co2e: Mapping[str, Decimal] = field(default_factory=dict)
    biogenic_kg_co2: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OwnFactor:
    """A factor that the caller brings along: `value` kg CO2e per `unit`, in prices of `price_year`.

    Instead of the value, `gases` may give kg of each gas per unit, such as {"CH4": "0.011"}, which `gwp_set`
    weighs, or `gases_kg_co2e` the same as CO2e in that set. `biogenic_kg_co2` is stated apart.
    """

    value: str
    unit: str
    source: str
    price_year: int | None = None
    gases: Mapping[str, str] = field(default_factory=dict, hash=False)
    gases_kg_co2e: Mapping[str, str] = field(default_factory=dict, hash=False)
    gwp_set: str = ""
    biogenic_kg_co2: str = ""


@dataclass(frozen=True, slots=True)
class PackManifest:
    """What a pack says of itself; `digest` is SHA-256 over its data file, lower-case hex.

    `gases` says what the columns of gases count. `standing` is empty, or marks a pack that is used with
    care: 'share-alike' (its licence binds what is made from it), 'doubtful' (see `notes`), or both.
    """

    name: str
    version: str
    kind: str
    title: str
    publisher: str
    year: int
    licence: str
    redistribution: str
    attribution: str
    source: str
    digest: str
    currency: str = ""
    price_year: int | None = None
    price_basis: str = ""
    gwp_set: str = ""
    boundary: str = ""
    region: str = ""
    rows: int = 0
    notes: str = ""
    gases: str = ""
    standing: str = ""
