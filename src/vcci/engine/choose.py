"""Which factor answers a key, and how its gases are weighed.

Gases are counted as CO2e in the factor's own GWP set. Another set can be asked for where they are known: each
gas is then weighed anew, and what the publisher rounded away stays as it is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from vcci.domain.factor import EmissionFactor, OwnFactor
from vcci.domain.method import REPORTED
from vcci.domain.selection import FactorKey, Unresolved
from vcci.engine.numbers import exact_number

OWN_FACTOR_PREFIX: Final = "own:"
"""Activities that are answered by a factor of the user's own."""

CALLER: Final = "caller-"
"""Factors that come with a single request are named by number; their source is what is shown."""

GAS_MARK: Final = "#"
"""`activity#CO2` asks for one gas of a factor."""

LESS: Final = " less "
"""`a less b` asks for what is left of one factor when another, per the same unit, is taken off."""

GWP_PREFIX: Final = "gwp:"

FactorLookup = Callable[[str], Sequence[EmissionFactor]]

AS_REPORTED: Final = EmissionFactor(
    id=REPORTED,
    activity=REPORTED,
    name="Emissions as reported",
    value_kg_co2e=Decimal(1),
    unit="kgCO2e",
    region="",
    gwp_set="",
    pack="as reported",
)
"""What turns reported emissions into a line: one, without a pack."""


@dataclass(frozen=True, slots=True)
class FactorChoice:
    """Chooses from packs in order of preference and from the caller's own factors."""

    factors: FactorLookup
    own_factors: Mapping[str, OwnFactor]

    def choose(self, key: FactorKey) -> EmissionFactor | Unresolved:
        """Return the factor of a key in the GWP set that is asked for, or the reason for none."""
        if key.activity.removeprefix(OWN_FACTOR_PREFIX) in self.own_factors:
            return self._own(key)
        whole, less, rest = key.activity.partition(LESS)
        found = self._single(replace(key, activity=whole))
        if not less or isinstance(found, Unresolved):
            return found
        taken_off = self._single(replace(key, activity=rest))
        return taken_off if isinstance(taken_off, Unresolved) else _difference(found, taken_off)

    def _single(self, key: FactorKey) -> EmissionFactor | Unresolved:
        activity, _, gas = key.activity.partition(GAS_MARK)
        asked = replace(key, activity=activity)
        is_own = activity.startswith(OWN_FACTOR_PREFIX)
        answer = self._own if is_own else self._published
        found = AS_REPORTED if activity == REPORTED else answer(asked)
        return _one_gas(found, gas) if gas and isinstance(found, EmissionFactor) else found

    def _published(self, key: FactorKey) -> EmissionFactor | Unresolved:
        candidates = self.factors(key.activity)
        fitting = [f for f in candidates if f.price_basis in (None, key.price_basis)]
        if not fitting:
            return Unresolved("factor_not_found", (key.activity, key.price_basis.value))
        of_gwp_set = [f for f in fitting if key.gwp_set in ("", f.gwp_set)]
        if of_gwp_set:
            return next((f for f in of_gwp_set if f.region == key.region), of_gwp_set[0])
        weighed = (self._weighed_anew(f, key.gwp_set) for f in fitting)
        tried = tuple(f"{f.pack} is {f.gwp_set}" for f in fitting)
        return next((f for f in weighed if f is not None), Unresolved("gwp_not_available", tried))

    def _weighed_anew(self, factor: EmissionFactor, gwp_set: str) -> EmissionFactor | None:
        """Return the factor with its gases in another GWP set; None where a gas or its weight is unknown."""
        gases = {}
        for gas, kg_co2e in factor.gases_kg_co2e.items():
            old, new = self._gwp(gas, factor.gwp_set), self._gwp(gas, gwp_set)
            if old is None or new is None:
                return None
            gases[gas] = kg_co2e * new / old
        if not gases:
            return None
        changed = sum(gases.values()) - sum(factor.gases_kg_co2e.values())
        return replace(
            factor,
            value_kg_co2e=factor.value_kg_co2e + changed,
            gases_kg_co2e=gases,
            gwp_set=gwp_set,
            notices=(*factor.notices, "gwp_set_changed"),
        )

    def _gwp(self, gas: str, gwp_set: str) -> Decimal | None:
        if gas == "CO2":
            return Decimal(1)
        known = self.factors(GWP_PREFIX + gas)
        return next((f.value_kg_co2e for f in known if f.gwp_set == gwp_set), None)

    def _own(self, key: FactorKey) -> EmissionFactor | Unresolved:
        name = key.activity.removeprefix(OWN_FACTOR_PREFIX)
        own = self.own_factors.get(name)
        if own is None:
            return Unresolved("factor_not_found", (key.activity,))
        gwp_set = key.gwp_set or own.gwp_set
        gases = {gas: Decimal(kg_co2e) for gas, kg_co2e in own.gases_kg_co2e.items()}
        for gas, kg in own.gases.items():
            weight = self._gwp(gas, gwp_set)
            if weight is None:
                return Unresolved("gwp_not_available", (f"{gas} in {gwp_set or 'no GWP set'}",))
            gases[gas] = Decimal(kg) * weight
        if exact_number(own.value) is None and not gases:
            return Unresolved("factor_not_a_number", (key.activity, own.value))
        if key.gwp_set not in ("", own.gwp_set) and (own.gases_kg_co2e or not gases):
            return Unresolved(
                "gwp_not_available", (f"{key.activity} is {own.gwp_set or 'of no stated set'}",)
            )
        return EmissionFactor(
            id=key.activity,
            activity=key.activity,
            name=own.source if name.startswith(CALLER) else name,
            value_kg_co2e=sum(gases.values(), Decimal()) if gases else Decimal(own.value),
            unit=own.unit,
            region=key.region,
            gwp_set=gwp_set,
            pack=own.source,
            price_year=own.price_year,
            notices=("own_factor",),
            gases_kg_co2e=gases,
            biogenic_kg_co2=Decimal(own.biogenic_kg_co2) if own.biogenic_kg_co2 else None,
        )


def _difference(whole: EmissionFactor, part: EmissionFactor) -> EmissionFactor | Unresolved:
    """Return `whole` without `part`; gases and biogenic CO2 stay only where both are published by gas."""
    if whole.unit != part.unit:
        return Unresolved("unit_does_not_fit", (whole.unit, part.unit))
    if whole.gwp_set and part.gwp_set and whole.gwp_set != part.gwp_set:
        return Unresolved(
            "gwp_not_available", (f"{whole.id} is {whole.gwp_set}", f"{part.id} {part.gwp_set}")
        )
    if part.value_kg_co2e > whole.value_kg_co2e:
        return Unresolved("difference_negative", (whole.id, part.id))
    gases = whole.gases_kg_co2e if set(whole.gases_kg_co2e) == set(part.gases_kg_co2e) else {}
    return replace(
        whole,
        id=f"{whole.id}{LESS}{part.id}",
        name=f"{whole.name}, less {part.name}",
        value_kg_co2e=whole.value_kg_co2e - part.value_kg_co2e,
        gases_kg_co2e={gas: kg_co2e - part.gases_kg_co2e[gas] for gas, kg_co2e in gases.items()},
        biogenic_kg_co2=None,
        notices=tuple(dict.fromkeys((*whole.notices, *part.notices))),
    )


def _one_gas(factor: EmissionFactor, gas: str) -> EmissionFactor | Unresolved:
    kg_co2e = factor.gases_kg_co2e.get(gas)
    if kg_co2e is None:
        return Unresolved("gas_not_published", (factor.id, gas))
    return replace(
        factor,
        id=f"{factor.id}{GAS_MARK}{gas}",
        name=f"{factor.name}, {gas} only",
        value_kg_co2e=kg_co2e,
        gases_kg_co2e={gas: kg_co2e},
        biogenic_kg_co2=None,
    )
