"""One activity -> one line. The same resolver and the same arithmetic as for a billion rows."""

from dataclasses import dataclass, field

from vcci.domain.activity import ActivityData
from vcci.domain.factor import PriceBasis
from vcci.domain.line import MAX_LINE_MG_CO2E, EmissionLine, amount_in_factor_unit, quantised_mg
from vcci.domain.selection import FactorKey, Multiplier, Rate, Unresolved
from vcci.engine.exchange import Exchange
from vcci.engine.numbers import plain_decimal
from vcci.engine.resolve import Resolver


@dataclass(frozen=True, slots=True)
class Calculator:
    """Calculates single activities; keys and rates once resolved are kept."""

    resolver: Resolver
    exchange: Exchange
    price_basis: PriceBasis = PriceBasis.PURCHASER
    gwp_set: str = ""
    _multipliers: dict[FactorKey, Multiplier | Unresolved] = field(default_factory=dict)
    _rates: dict[tuple[str, str, str], Rate | Unresolved] = field(default_factory=dict)

    def calculate(self, activity: ActivityData) -> EmissionLine | Unresolved:
        """Return the activity's line, or the reason why it has none."""
        quantity = plain_decimal(activity.quantity)
        if quantity is None:
            return Unresolved("quantity_not_a_number" if activity.quantity else "quantity_missing")
        multiplier = self.multiplier(self._key(activity))
        if isinstance(multiplier, Unresolved):
            return multiplier
        rate = self._rate(activity, multiplier)
        if isinstance(rate, Unresolved):
            return rate
        return self._line(activity, quantity, (multiplier, rate))

    def multiplier(self, key: FactorKey) -> Multiplier | Unresolved:
        """Return the multiplier of a key, resolved once."""
        found = self._multipliers.get(key)
        if found is None:
            found = self._multipliers[key] = self.resolver.resolve(key)
        return found

    def _key(self, activity: ActivityData) -> FactorKey:
        year = activity.price_year or year_of(activity.date)
        return FactorKey(
            activity.category,
            activity.activity,
            activity.region,
            activity.unit,
            year,
            self.price_basis,
            self.gwp_set,
        )

    def _rate(self, activity: ActivityData, multiplier: Multiplier) -> Rate | Unresolved:
        question = (activity.unit, activity.date, multiplier.factor_currency)
        found = self._rates.get(question)
        if found is None:
            found = self._rates[question] = self.exchange.rate(
                activity.unit, activity.date, to=multiplier.factor_currency
            )
        return found

    def _line(
        self, activity: ActivityData, quantity: float, answers: tuple[Multiplier, Rate]
    ) -> EmissionLine | Unresolved:
        multiplier, rate = answers
        if quantity < 0 and not self.resolver.units.is_money(activity.unit):
            return Unresolved("quantity_negative")
        amount = amount_in_factor_unit(quantity=quantity, rate=rate.value)
        if abs(amount * multiplier.mg_co2e_per_unit) >= MAX_LINE_MG_CO2E:
            return Unresolved("quantity_too_large")
        return EmissionLine(
            amount=amount,
            mg_co2e_per_unit=multiplier.mg_co2e_per_unit,
            emissions_mg_co2e=quantised_mg(amount, multiplier.mg_co2e_per_unit),
            factor_id=multiplier.factor_id,
            factor_unit=multiplier.factor_unit,
            pack=multiplier.pack,
            method=multiplier.method,
            notices=(*multiplier.notices, *rate.notices),
            steps=multiplier.steps,
        )


def year_of(day: str) -> int | None:
    """Return the year of an ISO date, None where it has none."""
    head = day[:4]
    return int(head) if len(head) == 4 and head.isascii() and head.isdigit() else None
