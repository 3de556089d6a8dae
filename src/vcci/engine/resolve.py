"""The resolver: one distinct key -> one multiplier, or the reason why there is none.

This is the only place where a factor is chosen. All arithmetic is exact and is rounded once, to
the nearest float64, at the end. A million rows have a few thousand distinct keys, so nothing here
needs to be fast; it needs to be right and to leave a trail that a person can recompute.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from vcci.domain.category import Category, Method
from vcci.domain.factor import EmissionFactor
from vcci.domain.quantity import MONEY, UnitTable
from vcci.domain.region import is_region
from vcci.domain.selection import FactorKey, Multiplier, Unresolved
from vcci.engine.assess import Assessor
from vcci.engine.choose import FactorChoice
from vcci.engine.deflate import UNCHANGED, Deflation, PriceIndices
from vcci.engine.exact import Ratio
from vcci.engine.methods import row_for

MG_PER_KG: Final = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Resolver:
    """Answers keys by the choice of a factor, units and price indices."""

    choice: FactorChoice
    units: UnitTable
    indices: PriceIndices
    assessor: Assessor | None = None

    def resolve(self, key: FactorKey) -> Multiplier | Unresolved:
        """Return the multiplier of `key` in mg CO2e per unit of the amount, or the reason for none."""
        unit = self.units.find(key.unit)
        if unit is None:
            return Unresolved("unit_unknown" if key.unit else "unit_missing", (key.unit,))
        if not key.activity:
            return Unresolved("commodity_unknown")
        if key.region and not is_region(key.region):
            return Unresolved("region_unknown", (key.region,))
        return self._resolve(key, is_money=unit.dimension == MONEY)

    def _resolve(self, key: FactorKey, *, is_money: bool) -> Multiplier | Unresolved:
        method = key.method or (Method.SPEND_BASED if is_money else Method.AVERAGE_DATA).value
        row = row_for(key.category, method)
        if row is None:
            return _no_method(key.category, method)
        chosen = self.choice.choose(key)
        if isinstance(chosen, Unresolved):
            return chosen
        notices = () if row.in_guidance else ("method_outside_guidance",)
        found = (self._for_money if is_money else self._for_quantity)(key, chosen, notices)
        if isinstance(found, Unresolved):
            return found
        named = replace(found, method=method)
        return self.assessor.assess(key, named) if self.assessor else named

    def _for_money(
        self, key: FactorKey, factor: EmissionFactor, notices: tuple[str, ...]
    ) -> Multiplier | Unresolved:
        target = self.units.find(factor.unit)
        if target is None or target.dimension != MONEY:
            return Unresolved("unit_does_not_fit", (key.unit, factor.unit))
        deflation = self._deflation(key, factor, currency=target.symbol)
        if isinstance(deflation, Unresolved):
            return deflation
        price = f"{factor.unit} of {factor.price_year}" if factor.price_year else factor.unit
        return _multiplier(
            factor,
            scale=deflation.ratio,
            factor_currency=target.symbol,
            notices=(
                *notices,
                *_index_notice(factor, deflation),
                *deflation.notices,
                *_region_notice(key, factor),
            ),
            steps=(f"{_text(factor.value_kg_co2e)} kg CO2e per {price}", *deflation.steps),
        )

    def _deflation(self, key: FactorKey, factor: EmissionFactor, *, currency: str) -> Deflation | Unresolved:
        if factor.price_year is None or factor.price_year == key.year:
            return UNCHANGED
        if key.year is None:
            return Unresolved("date_missing")
        span = f"{currency} of {key.year} to {factor.price_year}"
        if currency != self.indices.currency:
            return Unresolved("price_index_missing", (span,))
        found = self.indices.deflate(index=factor.price_index, from_year=key.year, to_year=factor.price_year)
        return found or Unresolved("price_index_missing", (span,))

    def _for_quantity(
        self, key: FactorKey, factor: EmissionFactor, notices: tuple[str, ...]
    ) -> Multiplier | Unresolved:
        unit, target = self.units.find(key.unit), self.units.find(factor.unit)
        if unit is None or target is None or target.dimension != unit.dimension:
            return Unresolved("unit_does_not_fit", (key.unit, factor.unit))
        return _multiplier(
            factor,
            scale=Ratio((unit.per_base,), (target.per_base,)),
            factor_currency="",
            notices=notices,
            steps=(
                f"{_text(factor.value_kg_co2e)} kg CO2e per {factor.unit}",
                f"1 {unit.symbol} = {unit.per_base} / {target.per_base} {factor.unit}",
            ),
        )


def _multiplier(
    factor: EmissionFactor,
    *,
    scale: Ratio,
    factor_currency: str,
    notices: tuple[str, ...],
    steps: tuple[str, ...],
) -> Multiplier:
    mg_co2e_per_unit = _mg_per_unit(factor.value_kg_co2e, scale)
    biogenic = factor.biogenic_kg_co2
    return Multiplier(
        mg_co2e_per_unit=mg_co2e_per_unit,
        factor_currency=factor_currency,
        factor_id=factor.id,
        factor_name=factor.name,
        factor_value=_text(factor.value_kg_co2e),
        factor_unit=f"kg CO2e/{factor.unit}" + (f" {factor.price_year}" if factor.price_year else ""),
        pack=factor.pack,
        method="",
        notices=tuple(dict.fromkeys((*factor.notices, *notices))),
        steps=(*steps, f"multiplier {mg_co2e_per_unit!r} mg CO2e per {factor_currency or 'unit'}"),
        gases_mg_co2e={gas: _mg_per_unit(kg, scale) for gas, kg in factor.gases_kg_co2e.items()},
        biogenic_mg_co2=None if biogenic is None else _mg_per_unit(biogenic, scale),
        factor_year=factor.price_year or factor.year,
        factor_region=factor.region,
        gwp_set=factor.gwp_set,
    )


def _mg_per_unit(kg_per_unit: Decimal, scale: Ratio) -> float:
    return scale.times(Ratio((kg_per_unit, MG_PER_KG))).nearest_float()


def _no_method(category: int, method: str) -> Unresolved:
    known = category in tuple(Category)
    return Unresolved("method_missing" if known else "category_unknown", (str(category), method))


def _index_notice(factor: EmissionFactor, deflation: Deflation) -> tuple[str, ...]:
    used = factor.has_several_price_indices and deflation is not UNCHANGED
    return ("deflator_of_first_industry",) if used else ()


def _region_notice(key: FactorKey, factor: EmissionFactor) -> tuple[str, ...]:
    if not key.region or not factor.region or key.region == factor.region:
        return ()
    return ("factor_of_other_region",)


def _text(value: Decimal) -> str:
    return format(value.normalize(), "f")
