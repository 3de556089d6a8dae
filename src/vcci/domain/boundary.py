"""The words of the boundary: who pays, who controls, which lease, which leg; and where an emission belongs.

Source: GHG Protocol, Corporate Value Chain (Scope 3) Standard (2011), chapter 5 and appendix A.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from vcci.domain.category import Category

MEMO: Final = "memo: biogenic CO2, outside scopes"


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
    BETWEEN_OWN_SITES = "between the company's own sites"
    TO_CUSTOMER = "from the company to a customer or beyond"


class Operator(StrEnum):
    """Who owns or controls vehicles and stores."""

    COMPANY = "the company"
    OTHERS = "others"


class Bought(StrEnum):
    """What is bought."""

    GOODS_OR_SERVICES = "goods or services, recycled or not, co-products too"
    CAPITAL_GOODS = "capital goods, such as vehicles"
    FUEL = "fuels: what happens before they are burnt"
    ENERGY = "energy: what happens before it is used, and losses on the way"
    ENERGY_SOLD_ON = "energy that is sold on to end users"


class Life(StrEnum):
    """A stage of the products that the company sells, or of its own waste."""

    OWN_WASTE = "waste of the company's operations, recycled or not"
    PROCESSING = "processing of sold intermediate products by others"
    USE = "use of sold products"
    END_OF_LIFE = "end of life of sold products, recycled or not"


class Journey(StrEnum):
    """Why people travel."""

    BUSINESS = "business travel"
    COMMUTE = "the way to work"


class Held(StrEnum):
    """How an entity is held: what the company controls, or owns a share of."""

    OPERATED = "operational control"
    OWNED = "financial control without operational control"
    SHARED = "a share of the equity without control"
    LENT = "debt or project finance without equity"


class FranchiseRole(StrEnum):
    """Which side of a franchise the company is on."""

    FRANCHISOR = "franchisor"
    FRANCHISEE = "franchisee"


@dataclass(frozen=True, slots=True)
class Lease:
    """Energy or fuel of a leased asset in use."""

    role: LeaseRole
    kind: LeaseKind
    approach: Approach
    source: Source


@dataclass(frozen=True, slots=True)
class Freight:
    """Goods that are moved or stored."""

    leg: Leg
    operator: Operator
    is_paid_by_company: bool
    source: Source


@dataclass(frozen=True, slots=True)
class Purchase:
    """The making of what is bought."""

    bought: Bought


@dataclass(frozen=True, slots=True)
class Stage:
    """What becomes of waste and of sold products."""

    life: Life


@dataclass(frozen=True, slots=True)
class Travel:
    """People who travel."""

    journey: Journey
    operator: Operator
    source: Source


@dataclass(frozen=True, slots=True)
class Holding:
    """An entity or a project in which the company has a part."""

    held: Held
    approach: Approach


@dataclass(frozen=True, slots=True)
class Franchise:
    """Scope 1 and 2 of a franchise."""

    role: FranchiseRole
    source: Source


@dataclass(frozen=True, slots=True)
class BiogenicCo2:
    """CO2 of biomass that is burnt or decays, wherever that happens."""


Situation = Lease | Freight | Purchase | Stage | Travel | Holding | Franchise | BiogenicCo2


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an emission belongs: a category of Scope 3, the company's own scopes, or beside them; and why."""

    why: str
    source: str
    category: Category | None = None
    own_scope: str = ""

    @property
    def label(self) -> str:
        """Return `3.4`, `scope 1`, `scope 1 and 2`, or that it is stated beside the scopes."""
        if self.category is not None:
            return f"3.{self.category}"
        return f"scope {self.own_scope}" if self.own_scope else MEMO


class Change(StrEnum):
    """What changed since the base year."""

    OUTSOURCED_WITHIN_INVENTORY = "outsourced or insourced; already reported, one base year for all scopes"
    OUTSOURCED_NEW_TO_INVENTORY = "outsourced or insourced; not reported until now"
    STRUCTURE = "merger, acquisition or divestment"
    METHOD_OR_FACTOR = "calculation method or factor, for better accuracy"
    ERROR = "an error, or several that add up"
    CATEGORIES = "a category or activity that is included anew"
    ORGANIC = "growth or decline, a site that is opened or closed"


class Recalculation(StrEnum):
    """What a change does to the base year's inventory."""

    NONE = "no recalculation"
    IF_SIGNIFICANT = "recalculation if significant"
