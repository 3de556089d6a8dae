"""The rules of the boundary as tables: which facts place an emission where, why, and by which page.

Each table holds the rules of one kind of situation. A rule states the facts that it asks for and is silent on
those that do not matter. Exactly one rule fits each combination of facts, so their order means nothing.
Source: GHG Protocol, Corporate Value Chain (Scope 3) Standard (2011).
"""

from typing import Any, Final

from vcci.domain.boundary import (
    Apart,
    Approach,
    Bought,
    FranchiseRole,
    Held,
    Journey,
    LeaseKind,
    LeaseRole,
    Leg,
    Life,
    Operator,
    Rule,
)
from vcci.domain.category import Category


def _if(**facts: Any) -> dict[str, tuple[object, ...]]:
    return {name: value if isinstance(value, tuple) else (value,) for name, value in facts.items()}


def _cited(*places: str) -> str:
    return f"Scope 3 Standard, {'; '.join(places)}"


LESSEE_TABLE: Final = _cited("table A.1, p. 126")
LESSOR_TABLE: Final = _cited("table A.2, p. 127")
BY_OWNERSHIP: Final = (Approach.FINANCIAL_CONTROL, Approach.EQUITY_SHARE)

LEASES: Final = (
    Rule(
        Apart.OWN_SCOPES,
        "The lessee has operational control of what it rents, unless it can show that it has not.",
        LESSEE_TABLE,
        _if(role=LeaseRole.LESSEE, approach=Approach.OPERATIONAL_CONTROL),
    ),
    Rule(
        Apart.OWN_SCOPES,
        "A finance lease gives the lessee ownership and financial control.",
        LESSEE_TABLE,
        _if(role=LeaseRole.LESSEE, approach=BY_OWNERSHIP, kind=LeaseKind.FINANCE),
    ),
    Rule(
        Category.UPSTREAM_LEASED_ASSETS,
        "An operating lease gives the lessee neither ownership nor financial control.",
        LESSEE_TABLE,
        _if(role=LeaseRole.LESSEE, approach=BY_OWNERSHIP, kind=LeaseKind.OPERATING),
    ),
    Rule(
        Category.DOWNSTREAM_LEASED_ASSETS,
        "The lessor has no operational control of what it lets, unless it can show that it has.",
        LESSOR_TABLE,
        _if(role=LeaseRole.LESSOR, approach=Approach.OPERATIONAL_CONTROL),
    ),
    Rule(
        Category.DOWNSTREAM_LEASED_ASSETS,
        "A finance lease leaves the lessor neither ownership nor financial control.",
        LESSOR_TABLE,
        _if(role=LeaseRole.LESSOR, approach=BY_OWNERSHIP, kind=LeaseKind.FINANCE),
    ),
    Rule(
        Apart.OWN_SCOPES,
        "An operating lease leaves ownership and financial control with the lessor.",
        LESSOR_TABLE,
        _if(role=LeaseRole.LESSOR, approach=BY_OWNERSHIP, kind=LeaseKind.OPERATING),
    ),
)

AFTER_SALE: Final = (Leg.TO_CUSTOMER, Leg.STORED_AFTER, Leg.RETAIL)
BEFORE_RECEIPT: Final = (Leg.FROM_SUPPLIER, Leg.STORED_BEFORE)

FREIGHT: Final = (
    Rule(
        Apart.OWN_SCOPES,
        "The company owns or controls the vehicles or the store.",
        _cited("table 5.7, p. 44"),
        _if(operator=Operator.COMPANY),
    ),
    Rule(
        Category.UPSTREAM_LEASED_ASSETS,
        "The company leases and operates it, and the lease is outside its own scopes.",
        _cited("table 5.7, p. 44"),
        _if(operator=Operator.LEASED),
    ),
    Rule(
        Category.PURCHASED_GOODS_AND_SERVICES,
        "It is part of what the supplier sells, from cradle to gate.",
        _cited("table 5.7, p. 44"),
        _if(leg=Leg.BETWEEN_SUPPLIERS, operator=Operator.OTHERS, is_paid_by_company=False),
    ),
    Rule(
        Category.UPSTREAM_TRANSPORTATION_AND_DISTRIBUTION,
        "The company buys the service itself; category 1 leaves out what is in categories 2 to 8.",
        _cited("table 5.4, p. 34", "table 5.7, p. 45"),
        _if(leg=Leg.BETWEEN_SUPPLIERS, operator=Operator.OTHERS, is_paid_by_company=True),
    ),
    Rule(
        Category.UPSTREAM_TRANSPORTATION_AND_DISTRIBUTION,
        "Goods from a first supplier come to the company with others, whoever pays.",
        _cited("table 5.7, p. 45"),
        _if(leg=BEFORE_RECEIPT, operator=Operator.OTHERS),
    ),
    Rule(
        Category.FUEL_AND_ENERGY_RELATED_ACTIVITIES,
        "Transport of the fuels and energy that the company consumes is with them, not with freight.",
        _cited("table 5.7, p. 45"),
        _if(leg=Leg.FUEL_TO_COMPANY, operator=Operator.OTHERS),
    ),
    Rule(
        Category.UPSTREAM_TRANSPORTATION_AND_DISTRIBUTION,
        "The company buys transport between its own sites.",
        _cited("table 5.7, p. 45"),
        _if(leg=Leg.BETWEEN_OWN_SITES, operator=Operator.OTHERS, is_paid_by_company=True),
    ),
    Rule(
        Apart.ASK,
        "Between own sites the standard knows own vehicles and bought transport; here others pay.",
        _cited("table 5.7, p. 45"),
        _if(leg=Leg.BETWEEN_OWN_SITES, operator=Operator.OTHERS, is_paid_by_company=False),
        question="Who pays for this transport, and is it part of a purchase or of a sale?",
    ),
    Rule(
        Category.UPSTREAM_TRANSPORTATION_AND_DISTRIBUTION,
        "The company pays for it, so it is a purchased service, though it is outbound.",
        _cited("section 5.5, p. 44", "table 5.7, p. 45"),
        _if(leg=AFTER_SALE, operator=Operator.OTHERS, is_paid_by_company=True),
    ),
    Rule(
        Category.DOWNSTREAM_TRANSPORTATION_AND_DISTRIBUTION,
        "It comes after the sale, with others, and the company does not pay for it.",
        _cited("table 5.7, p. 45", "box 8.5, pp. 96-97"),
        _if(leg=AFTER_SALE, operator=Operator.OTHERS, is_paid_by_company=False),
    ),
    Rule(
        Category.WASTE_GENERATED_IN_OPERATIONS,
        "Transport of the company's waste may be counted with its treatment.",
        _cited("table 5.4, p. 35"),
        _if(leg=Leg.WASTE_TO_TREATMENT, operator=Operator.OTHERS),
        is_optional=True,
    ),
)

PURCHASES: Final = (
    Rule(
        Category.PURCHASED_GOODS_AND_SERVICES,
        "It is bought, and is in none of the categories 2 to 8.",
        _cited("table 5.4, p. 34"),
        _if(bought=Bought.GOODS_OR_SERVICES),
    ),
    Rule(
        Category.PURCHASED_GOODS_AND_SERVICES,
        "Recycling is counted by who buys the recycled material.",
        "Technical Guidance, table 5.1; " + _cited("box 5.6, p. 46"),
        _if(bought=Bought.RECYCLED_MATERIAL),
    ),
    Rule(
        Category.PURCHASED_GOODS_AND_SERVICES,
        "To its buyer a co-product is a purchased material; its making is allocated to it.",
        _cited("box 8.5, pp. 96-97"),
        _if(bought=Bought.CO_PRODUCT),
    ),
    Rule(
        Category.PURCHASED_GOODS_AND_SERVICES,
        "A franchisee may count its franchisor's operations as a bought service.",
        _cited("section 5.5, p. 51"),
        _if(bought=Bought.FRANCHISOR_SERVICES),
        is_optional=True,
    ),
    Rule(
        Category.CAPITAL_GOODS,
        "The making of assets is counted whole in the year of purchase.",
        _cited("box 5.4, p. 39", "table 5.7, p. 45"),
        _if(bought=Bought.CAPITAL_GOODS),
    ),
    Rule(
        Category.FUEL_AND_ENERGY_RELATED_ACTIVITIES,
        "Part A: extraction, production and transport of fuels; burning them is scope 1.",
        _cited("table 5.5, p. 41"),
        _if(bought=Bought.FUEL),
    ),
    Rule(
        Category.FUEL_AND_ENERGY_RELATED_ACTIVITIES,
        "Part B: extraction, production and transport of fuels behind energy; making the energy is scope 2.",
        _cited("table 5.5, p. 41"),
        _if(bought=Bought.ENERGY),
    ),
    Rule(
        Category.FUEL_AND_ENERGY_RELATED_ACTIVITIES,
        "Part C: losses in transmission and distribution are counted by who uses the energy.",
        _cited("table 5.5, p. 41"),
        _if(bought=Bought.LOSSES),
    ),
    Rule(
        Category.FUEL_AND_ENERGY_RELATED_ACTIVITIES,
        "Part D: a utility or retailer counts how the energy that it buys and sells was made.",
        _cited("table 5.5, p. 41"),
        _if(bought=Bought.ENERGY_SOLD_ON),
    ),
)

STAGES: Final = (
    Rule(
        Category.WASTE_GENERATED_IN_OPERATIONS,
        "Others treat the waste; all that it will give off counts in the year of disposal.",
        _cited("section 5.5, p. 45"),
        _if(life=Life.OWN_WASTE),
    ),
    Rule(
        Category.WASTE_GENERATED_IN_OPERATIONS,
        "Recovery for recycling counts here; recycling itself is counted by who buys the material.",
        "Technical Guidance, table 5.1; " + _cited("box 5.6, p. 46"),
        _if(life=Life.OWN_WASTE_RECYCLED),
    ),
    Rule(
        Apart.DIRECT,
        "Treatment in the company's own facilities is its own emission.",
        _cited("section 5.5, p. 45"),
        _if(life=Life.OWN_TREATMENT),
    ),
    Rule(
        Category.PROCESSING_OF_SOLD_PRODUCTS,
        "What customers do to an intermediate product or a co-product counts for who sold it.",
        _cited("table 5.4, p. 36", "box 8.5, pp. 96-97"),
        _if(life=Life.PROCESSING),
    ),
    Rule(
        Category.USE_OF_SOLD_PRODUCTS,
        "Direct use counts over the whole life that is expected.",
        _cited("table 5.8, p. 49"),
        _if(life=Life.USE),
    ),
    Rule(
        Category.USE_OF_SOLD_PRODUCTS,
        "Indirect use may be counted, and should be where it is significant.",
        _cited("table 5.8, p. 49"),
        _if(life=Life.INDIRECT_USE),
        is_optional=True,
    ),
    Rule(
        Category.END_OF_LIFE_TREATMENT_OF_SOLD_PRODUCTS,
        "What others do with the products at the end of their life counts for who sold them.",
        _cited("table 5.4, p. 36"),
        _if(life=Life.END_OF_LIFE),
    ),
    Rule(
        Category.END_OF_LIFE_TREATMENT_OF_SOLD_PRODUCTS,
        "Recovery for recycling counts here; recycling itself is counted by who buys the material.",
        "Technical Guidance, table 5.1; " + _cited("box 5.6, p. 46"),
        _if(life=Life.RECYCLED_AT_END),
    ),
)

TRAVEL: Final = (
    Rule(
        Apart.OWN_SCOPES,
        "The company owns or controls the vehicles or the premises.",
        _cited("section 5.5, p. 46"),
        _if(operator=Operator.COMPANY),
    ),
    Rule(
        Category.UPSTREAM_LEASED_ASSETS,
        "The company leases and operates it, and the lease is outside its own scopes.",
        _cited("section 5.5, p. 46"),
        _if(operator=Operator.LEASED),
    ),
    Rule(
        Category.BUSINESS_TRAVEL,
        "Employees travel for business in vehicles of others, such as trains, rented cars or their own.",
        _cited("section 5.5, p. 46"),
        _if(journey=Journey.BUSINESS, operator=Operator.OTHERS),
    ),
    Rule(
        Category.BUSINESS_TRAVEL,
        "Hotel nights may be counted with the journey.",
        _cited("section 5.5, p. 46"),
        _if(journey=Journey.HOTEL, operator=Operator.OTHERS),
        is_optional=True,
    ),
    Rule(
        Category.EMPLOYEE_COMMUTING,
        "Employees go to work in vehicles of others or their own, whoever pays.",
        _cited("section 5.5, p. 47"),
        _if(journey=Journey.COMMUTE, operator=Operator.OTHERS),
    ),
    Rule(
        Category.EMPLOYEE_COMMUTING,
        "Work at home may be counted with the way to work.",
        _cited("section 5.5, p. 47"),
        _if(journey=Journey.TELEWORK, operator=Operator.OTHERS),
        is_optional=True,
    ),
    Rule(
        Category.DOWNSTREAM_TRANSPORTATION_AND_DISTRIBUTION,
        "Customers' ways to shops may be counted.",
        _cited("section 5.5, p. 48"),
        _if(journey=Journey.SHOPPING, operator=Operator.OTHERS),
        is_optional=True,
    ),
)

WITH_EQUITY: Final = (Held.CONTROLLED, Held.OPERATED, Held.OWNED, Held.SHARED)
OPERATED: Final = (Held.CONTROLLED, Held.OPERATED, Held.OPERATED_FOR_OTHERS)
ENTITIES: Final = _cited("box 5.1, p. 30", "section 5.5, p. 52")

HOLDINGS: Final = (
    Rule(
        Apart.OWN_SCOPES,
        "The company has operational control, and draws its boundary by it.",
        ENTITIES,
        _if(held=OPERATED, approach=Approach.OPERATIONAL_CONTROL),
    ),
    Rule(
        Apart.OWN_SCOPES,
        "The company has financial control, and draws its boundary by it.",
        ENTITIES,
        _if(held=(Held.CONTROLLED, Held.OWNED), approach=Approach.FINANCIAL_CONTROL),
    ),
    Rule(
        Apart.OWN_SCOPES,
        "The company draws its boundary by its share of the equity, and counts that share.",
        ENTITIES,
        _if(held=WITH_EQUITY, approach=Approach.EQUITY_SHARE),
    ),
    Rule(
        Category.INVESTMENTS,
        "The company has equity but no operational control, by which it draws its boundary.",
        ENTITIES,
        _if(held=(Held.OWNED, Held.SHARED), approach=Approach.OPERATIONAL_CONTROL),
    ),
    Rule(
        Category.INVESTMENTS,
        "The company has equity but no financial control, by which it draws its boundary.",
        ENTITIES,
        _if(held=(Held.OPERATED, Held.SHARED), approach=Approach.FINANCIAL_CONTROL),
    ),
    Rule(
        Apart.ASK,
        "What the company runs without equity is no investment, and by this approach not its own.",
        ENTITIES,
        _if(held=Held.OPERATED_FOR_OTHERS, approach=BY_OWNERSHIP),
        question="What ties the company to what it runs: a lease, a service that it sells, or a franchise?",
    ),
    Rule(
        Category.INVESTMENTS,
        "The project's emissions count by the company's share of its cost.",
        _cited("table 5.9, p. 53"),
        _if(held=Held.PROJECT),
    ),
    Rule(
        Category.INVESTMENTS,
        "The debtor's or the client's emissions may be counted; the minimum boundary leaves them out.",
        _cited("table 5.10, p. 55"),
        _if(held=(Held.LENT, Held.FOR_CLIENTS)),
        is_optional=True,
    ),
)

FRANCHISES: Final = (
    Rule(
        Apart.OWN_SCOPES,
        "The franchise is within the company's own boundary.",
        _cited("table 5.4, p. 37"),
        _if(is_within_boundary=True),
    ),
    Rule(
        Category.FRANCHISES,
        "The franchisee runs it, the franchisor counts it.",
        _cited("table 5.4, p. 37"),
        _if(role=FranchiseRole.FRANCHISOR, is_within_boundary=False),
    ),
    Rule(
        Category.FRANCHISES,
        "The franchisee runs it, but its approach leaves it outside its own scopes.",
        _cited("section 5.5, p. 51"),
        _if(role=FranchiseRole.FRANCHISEE, is_within_boundary=False),
    ),
)

BIOGENIC: Final = (
    Rule(
        Apart.MEMO,
        "CO2 of biomass is stated beside the scopes; its CH4 and N2O are not.",
        _cited("section 6.5, p. 61", "example 6.1, p. 63"),
        _if(),
    ),
)
