"""Where an emission belongs, by rules that can be read; and what recalculates a base year.

Source: GHG Protocol, Corporate Value Chain (Scope 3) Standard (2011).
"""

from collections.abc import Callable
from typing import Any, Final

from vcci.domain.boundary import (
    Approach,
    BiogenicCo2,
    Bought,
    Change,
    Franchise,
    FranchiseRole,
    Freight,
    Held,
    Holding,
    Journey,
    Lease,
    LeaseKind,
    LeaseRole,
    Leg,
    Life,
    Operator,
    Placement,
    Purchase,
    Recalculation,
    Situation,
    Source,
    Stage,
    Travel,
)
from vcci.domain.category import Category

OWN: Final = {Source.FUEL: "1", Source.BOUGHT_ENERGY: "2"}
"""The company's own scope: what it burns itself, and what it has bought."""

PURCHASES: Final = {
    Bought.GOODS_OR_SERVICES: Category.PURCHASED_GOODS_AND_SERVICES,
    Bought.CAPITAL_GOODS: Category.CAPITAL_GOODS,
    Bought.FUEL: Category.FUEL_AND_ENERGY_RELATED_ACTIVITIES,
    Bought.ENERGY: Category.FUEL_AND_ENERGY_RELATED_ACTIVITIES,
    Bought.ENERGY_SOLD_ON: Category.FUEL_AND_ENERGY_RELATED_ACTIVITIES,
}

STAGES: Final = {
    Life.OWN_WASTE: Category.WASTE_GENERATED_IN_OPERATIONS,
    Life.PROCESSING: Category.PROCESSING_OF_SOLD_PRODUCTS,
    Life.USE: Category.USE_OF_SOLD_PRODUCTS,
    Life.END_OF_LIFE: Category.END_OF_LIFE_TREATMENT_OF_SOLD_PRODUCTS,
}

JOURNEYS: Final = {
    Journey.BUSINESS: Category.BUSINESS_TRAVEL,
    Journey.COMMUTE: Category.EMPLOYEE_COMMUTING,
}

IN_OWN_SCOPES: Final = {
    Approach.OPERATIONAL_CONTROL: {Held.OPERATED},
    Approach.FINANCIAL_CONTROL: {Held.OPERATED, Held.OWNED},
    Approach.EQUITY_SHARE: {Held.OPERATED, Held.OWNED, Held.SHARED},
}
"""Entities within the organisational boundary, by approach; the others are investments."""

NEVER_RECALCULATED: Final = {Change.OUTSOURCED_WITHIN_INVENTORY, Change.ORGANIC}


def place(situation: Situation) -> Placement:
    """Return where the emissions of a situation belong, and why; every situation has exactly one place."""
    rule: Callable[[Any], Placement] = RULES[type(situation)]
    return rule(situation)


def _lease(lease: Lease) -> Placement:
    """Return who counts a leased asset in use: who controls it under the company's approach."""
    operates = lease.role is LeaseRole.LESSEE
    is_by_operation = lease.approach is Approach.OPERATIONAL_CONTROL
    # Without operational control as the measure, a finance lease makes the lessee the owner, no other does.
    is_own = operates if is_by_operation else operates == (lease.kind is LeaseKind.FINANCE)
    table = "Table A.1, p. 126" if operates else "Table A.2, p. 127"
    why = f"{lease.role.value.capitalize()} of the {lease.kind.value}; {lease.approach.value}."
    if is_own:
        return Placement(why, table, own_scope=OWN[lease.source])
    category = Category.UPSTREAM_LEASED_ASSETS if operates else Category.DOWNSTREAM_LEASED_ASSETS
    return Placement(why, table, category)


def _freight(freight: Freight) -> Placement:
    if freight.leg is Leg.BETWEEN_SUPPLIERS:
        return Placement(
            "It is part of the cradle-to-gate of what the supplier sells.",
            "Table 5.7, p. 44",
            Category.PURCHASED_GOODS_AND_SERVICES,
        )
    if freight.operator is Operator.COMPANY:
        return Placement("The company runs it itself.", "Table 5.7, p. 44", own_scope=OWN[freight.source])
    if freight.leg is Leg.TO_CUSTOMER and not freight.is_paid_by_company:
        return Placement(
            "It comes after the sale, and the company does not pay for it.",
            "Table 5.7, p. 45",
            Category.DOWNSTREAM_TRANSPORTATION_AND_DISTRIBUTION,
        )
    why = "The company pays for it." if freight.is_paid_by_company else "It brings goods to the company."
    return Placement(why, "Table 5.7, p. 45", Category.UPSTREAM_TRANSPORTATION_AND_DISTRIBUTION)


def _travel(travel: Travel) -> Placement:
    if travel.operator is Operator.COMPANY:
        return Placement("In vehicles of the company.", "Table 5.4", own_scope=OWN[travel.source])
    why = f"In vehicles of others, for {travel.journey.value}."
    return Placement(why, "Table 5.4", JOURNEYS[travel.journey])


def _holding(holding: Holding) -> Placement:
    told = f"{holding.held.value.capitalize()}, and the boundary is drawn by {holding.approach.value}."
    if holding.held in IN_OWN_SCOPES[holding.approach]:
        return Placement(told, "Box 5.1, p. 30", own_scope="1 and 2")
    return Placement(told, "Box 5.1, p. 30", Category.INVESTMENTS)


def _franchise(franchise: Franchise) -> Placement:
    if franchise.role is FranchiseRole.FRANCHISEE:
        return Placement("It is the franchisee's own.", "Table 5.4", own_scope=OWN[franchise.source])
    return Placement("The franchisee runs it, the franchisor counts it.", "Table 5.4", Category.FRANCHISES)


def _purchase(purchase: Purchase) -> Placement:
    why = f"The company buys {purchase.bought.value}."
    return Placement(why, "Tables 5.1 and 5.4", PURCHASES[purchase.bought])


def _stage(stage: Stage) -> Placement:
    return Placement(f"It is {stage.life.value}.", "Tables 5.1 and 5.4", STAGES[stage.life])


def _biogenic(_: BiogenicCo2) -> Placement:
    return Placement("CO2 of biomass is stated beside the scopes.", "Chapter 6, example 6.1, p. 63")


RULES: Final[dict[type, Callable[[Any], Placement]]] = {
    Lease: _lease,
    Freight: _freight,
    Purchase: _purchase,
    Stage: _stage,
    Travel: _travel,
    Holding: _holding,
    Franchise: _franchise,
    BiogenicCo2: _biogenic,
}
"""The rule of each kind of situation."""


def recalculation(change: Change) -> Recalculation:
    """Return whether a change may recalculate the base year (section 9.3, and table 9.4, p. 105).

    What is significant is a threshold of the company's policy; domain/base_year.py adds changes up.
    """
    return Recalculation.NONE if change in NEVER_RECALCULATED else Recalculation.IF_SIGNIFICANT
