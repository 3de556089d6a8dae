"""The words of the boundary: who pays, who controls, which lease, which leg; and where an emission belongs.

Each fact of a situation has the question that a person is asked for it. Source: GHG Protocol, Corporate Value
Chain (Scope 3) Standard (2011), chapters 5, 6 and 9, and appendix A.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from fractions import Fraction
from typing import Final

from vcci.domain.category import Category

MEMO: Final = "memo: biogenic CO2, outside scopes"
"""The label of what is stated beside the scopes."""

UNPLACED: Final = "not placed yet"
"""The label of a situation that a person has to say more about."""


class Approach(StrEnum):
    """How the company draws its organisational boundary."""

    OPERATIONAL_CONTROL = "operational control"
    FINANCIAL_CONTROL = "financial control"
    EQUITY_SHARE = "equity share"


class Source(StrEnum):
    """What the emission comes from: a fuel burnt on site, or energy that was bought."""

    FUEL = "fuel"
    BOUGHT_ENERGY = "bought energy"


class LeaseRole(StrEnum):
    """Which side of a lease the company is on."""

    LESSEE = "lessee"
    LESSOR = "lessor"


class LeaseKind(StrEnum):
    """Which lease it is; a capital lease is a finance lease."""

    OPERATING = "operating lease"
    FINANCE = "finance lease"


class Leg(StrEnum):
    """Where goods are moved or stored, seen from the company."""

    BETWEEN_SUPPLIERS = "from a supplier's supplier to a supplier"
    FROM_SUPPLIER = "from a supplier to the company"
    STORED_BEFORE = "in a store, on the way to the company"
    FUEL_TO_COMPANY = "fuels and energy, on the way to the company"
    BETWEEN_OWN_SITES = "between the company's own sites"
    TO_CUSTOMER = "from the company to a customer or beyond"
    STORED_AFTER = "in a store, on the way to a customer"
    RETAIL = "in a shop that sells the company's products"
    WASTE_TO_TREATMENT = "waste, on the way to its treatment"


class Operator(StrEnum):
    """Who owns or controls vehicles and premises."""

    COMPANY = "the company"
    LEASED = "the company, on a lease that is outside its own scopes"
    OTHERS = "others"


class Bought(StrEnum):
    """What is bought."""

    GOODS_OR_SERVICES = "goods or services"
    RECYCLED_MATERIAL = "material with recycled content"
    CO_PRODUCT = "a co-product of another company"
    FRANCHISOR_SERVICES = "services of the company's franchisor"
    CAPITAL_GOODS = "capital goods, such as vehicles"
    FUEL = "fuels: what happens before they are burnt"
    ENERGY = "energy: the fuels behind it, before they are burnt"
    LOSSES = "energy: what is lost on the way to the company"
    ENERGY_SOLD_ON = "energy that is sold on to end users"


class Life(StrEnum):
    """A stage of the products that the company sells, or of its own waste."""

    OWN_WASTE = "waste of the company's operations, treated by others"
    OWN_WASTE_RECYCLED = "waste of the company's operations, recovered for recycling by others"
    OWN_TREATMENT = "waste that the company treats itself: what the treatment gives off"
    PROCESSING = "processing of sold intermediate products by others"
    USE = "use of sold products that burn fuel, need energy or release gases themselves"
    INDIRECT_USE = "use of sold products that need energy by the way, such as for washing"
    END_OF_LIFE = "end of life of sold products"
    RECYCLED_AT_END = "end of life of sold products, recovered for recycling"


class Journey(StrEnum):
    """Why people are on their way."""

    BUSINESS = "business travel"
    HOTEL = "hotel nights on business travel"
    COMMUTE = "the way to work"
    TELEWORK = "work at home"
    SHOPPING = "customers on the way to shops"


class Held(StrEnum):
    """How an entity is held: what the company controls, or owns a share of, or lends to."""

    CONTROLLED = "operational and financial control"
    OPERATED = "operational control and a share of the equity, without financial control"
    OPERATED_FOR_OTHERS = "operational control without equity"
    OWNED = "financial control without operational control"
    SHARED = "a share of the equity without control"
    PROJECT = "debt to a project, or with another known use of proceeds"
    LENT = "debt for general purposes"
    FOR_CLIENTS = "investments managed for clients, or services to clients"


class FranchiseRole(StrEnum):
    """Which side of a franchise the company is on."""

    FRANCHISOR = "franchisor"
    FRANCHISEE = "franchisee"


@dataclass(frozen=True, slots=True)
class Lease:
    """Energy or fuel of a leased asset in use."""

    role: LeaseRole = field(
        metadata={"question": "Does the company rent the asset (lessee), or let it to others (lessor)?"}
    )
    approach: Approach = field(
        metadata={"question": "By which approach does the company draw its organisational boundary?"}
    )
    kind: LeaseKind = field(
        metadata={
            "question": "Is it a finance lease, with the asset on the lessee's books, or an operating lease?"
        }
    )
    source: Source = field(metadata={"question": "Is a fuel burnt there, or is the energy bought?"})


@dataclass(frozen=True, slots=True)
class Freight:
    """Goods that are moved or stored."""

    leg: Leg = field(metadata={"question": "Where are the goods moved or stored?"})
    operator: Operator = field(metadata={"question": "Who owns or controls the vehicles or the store?"})
    is_paid_by_company: bool = field(
        metadata={"question": "Does the company pay for it, directly or through an intermediary?"}
    )
    source: Source = field(
        metadata={"question": "Do the vehicles or the store burn fuel, or is the energy bought?"}
    )


@dataclass(frozen=True, slots=True)
class Purchase:
    """The making of what is bought."""

    bought: Bought = field(metadata={"question": "What is bought?"})


@dataclass(frozen=True, slots=True)
class Stage:
    """What becomes of waste and of sold products."""

    life: Life = field(metadata={"question": "Which waste, or which stage of the sold products, is it?"})


@dataclass(frozen=True, slots=True)
class Travel:
    """People who travel, stay away or work at home."""

    journey: Journey = field(metadata={"question": "Why are the people on their way?"})
    operator: Operator = field(metadata={"question": "Who owns or controls the vehicles or the premises?"})
    source: Source = field(metadata={"question": "Do they burn fuel, or is the energy bought?"})


@dataclass(frozen=True, slots=True)
class Holding:
    """Scope 1 or 2 of an entity or a project in which the company has a part."""

    held: Held = field(metadata={"question": "What does the company control, own or lend?"})
    approach: Approach = field(
        metadata={"question": "By which approach does the company draw its organisational boundary?"}
    )
    source: Source = field(metadata={"question": "Does the entity burn fuel, or does it buy the energy?"})


@dataclass(frozen=True, slots=True)
class Franchise:
    """Scope 1 or 2 of a franchise."""

    role: FranchiseRole = field(
        metadata={"question": "Does the company give the licence (franchisor), or run under it?"}
    )
    is_within_boundary: bool = field(
        metadata={"question": "Is the franchise within the company's own organisational boundary?"}
    )
    source: Source = field(metadata={"question": "Does the franchise burn fuel, or does it buy the energy?"})


@dataclass(frozen=True, slots=True)
class BiogenicCo2:
    """CO2 of biomass that is burnt or decays, wherever that happens; its CH4 and N2O are in the scopes."""


Situation = Lease | Freight | Purchase | Stage | Travel | Holding | Franchise | BiogenicCo2


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an emission belongs and why; `scope` is 1, 2, 3, or None for what is stated beside the scopes.

    `is_optional` marks what lies outside the minimum boundary of its category.
    """

    why: str
    source: str
    scope: int | None = None
    category: Category | None = None
    is_optional: bool = False

    @property
    def label(self) -> str:
        """Return `3.4`, `scope 1`, or that it is stated beside the scopes."""
        if self.category is not None:
            return f"3.{self.category}"
        return MEMO if self.scope is None else f"scope {self.scope}"


@dataclass(frozen=True, slots=True)
class Unplaced(Placement):
    """What is told does not settle the place: it has no scope and no category, and a question to ask."""

    question: str = ""

    @property
    def label(self) -> str:
        """Return that there is no place yet."""
        return UNPLACED


class Apart(Enum):
    """Where an emission belongs if not in a category of Scope 3."""

    OWN_SCOPES = "scope 1 for fuel, scope 2 for bought energy"
    DIRECT = "scope 1"
    MEMO = "beside the scopes"
    ASK = "not placed yet"


OWN_SCOPE: Final = {Source.FUEL: 1, Source.BOUGHT_ENERGY: 2}
"""The company's own scope: what it burns itself, and what it has bought."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a table: the facts it asks for, each with the values that fit, and where that places it."""

    belongs: Category | Apart
    why: str
    source: str
    when: Mapping[str, tuple[object, ...]]
    is_optional: bool = False
    question: str = ""

    def fits(self, situation: Situation) -> bool:
        """Whether every fact that the rule asks for is so."""
        return all(getattr(situation, name) in values for name, values in self.when.items())

    def answer(self, situation: Situation) -> Placement:
        """Return the placement of a situation that fits, or the question that it leaves."""
        match self.belongs:
            case Category() as category:
                return Placement(self.why, self.source, 3, category, self.is_optional)
            case Apart.OWN_SCOPES:
                return Placement(self.why, self.source, OWN_SCOPE[getattr(situation, "source", Source.FUEL)])
            case Apart.DIRECT:
                return Placement(self.why, self.source, 1)
            case Apart.MEMO:
                return Placement(self.why, self.source)
            case Apart.ASK:
                return Unplaced(self.why, self.source, question=self.question)


class Change(StrEnum):
    """What changed since the base year."""

    OUTSOURCED_WITHIN_INVENTORY = "outsourced or insourced; already reported, one base year for all scopes"
    OUTSOURCED_SEPARATE_YEARS = "outsourced or insourced; already reported, base years for single scopes"
    OUTSOURCED_NEW_TO_INVENTORY = "outsourced or insourced; not reported until now"
    STRUCTURE = "merger, acquisition or divestment"
    METHOD_OR_FACTOR = "calculation method or factor, for better accuracy"
    REAL_CHANGE = "a factor or activity data that shows a real change, such as another fuel"
    ERROR = "an error, or several that add up"
    CATEGORIES = "a category or activity that is included anew"
    CATEGORY_OWN_YEAR = "a whole category that is included anew, where each category has its base year"
    USE_ASSUMPTIONS = "assumptions about the use of sold products"
    ORGANIC = "growth or decline, a site that is opened or closed"


class Recalculation(StrEnum):
    """What a change does to the base year's inventory."""

    RECALCULATE = "recalculation"
    NO_RECALCULATION = "no recalculation"
    RECALCULATE_IF_SIGNIFICANT = "recalculation if significant"


@dataclass(frozen=True, slots=True)
class Significance:
    """What changes do to the base year together, and the threshold of the company's own published policy.

    Both in percent of the base year's emissions; the effect has either sign (base_year.py adds changes up).
    Raises `ValueError` unless the threshold is above zero.
    """

    cumulative_effect_percent: Fraction
    threshold_percent: Fraction

    def __post_init__(self) -> None:
        """Refuse a threshold that everything would reach."""
        if self.threshold_percent <= 0:
            raise ValueError(f"a threshold is above zero, not {self.threshold_percent} %")

    @property
    def is_reached(self) -> bool:
        """Whether the effect, up or down, reaches the threshold."""
        return abs(self.cumulative_effect_percent) >= self.threshold_percent


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a change does to the base year, why, and the source."""

    recalculation: Recalculation
    why: str
    source: str

    @property
    def value(self) -> str:
        """The consequence in words, such as `no recalculation`."""
        return self.recalculation.value
