"""One activity -> one line. The same resolver and the same arithmetic as for a billion rows."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

from vcci.domain.activity import ActivityData
from vcci.domain.factor import PriceBasis
from vcci.domain.line import MAX_LINE_MG_CO2E, EmissionLine, amount_in_factor_unit, quantised_mg
from vcci.domain.selection import FactorKey, Multiplier, Rate, Unresolved
from vcci.engine.exchange import Exchange
from vcci.engine.expand import PartOfActivity, expand
from vcci.engine.methods import row_for
from vcci.engine.numbers import plain_decimal
from vcci.engine.resolve import Resolver

MOST_KEPT: Final = 200_000
"""Distinct keys of the largest ledgers are a tenth of this; each is about a kilobyte."""


@dataclass(frozen=True, slots=True)
class Calculator:
    """Calculates single activities; keys and rates once resolved are kept, up to MOST_KEPT of each."""

    resolver: Resolver
    exchange: Exchange
    price_basis: PriceBasis = PriceBasis.PURCHASER
    gwp_set: str = ""
    _multipliers: dict[FactorKey, Multiplier | Unresolved] = field(default_factory=dict)
    _rates: dict[tuple[str, str, str], Rate | Unresolved] = field(default_factory=dict)

    def lines(self, activity: ActivityData) -> tuple[EmissionLine, ...] | Unresolved:
        """Return the lines of an activity, one for each part of its method, or why it has none.

        An activity has all of its lines or none: a part without a factor leaves out the others too.
        """
        if not activity.method:
            line = self.calculate(activity)
            return line if isinstance(line, Unresolved) else (line,)
        parts = expand(activity, self.resolver.units)
        if isinstance(parts, Unresolved):
            return parts
        found = []
        for part in parts:
            line = self.calculate(part.as_activity(activity))
            if isinstance(line, Unresolved):
                return Unresolved(line.reason, (part.name, *line.tried))
            found.append(_of_part(line, part))
        return tuple(found)

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
            _make_room(self._multipliers)
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
            activity.method,
        )

    def _rate(self, activity: ActivityData, multiplier: Multiplier) -> Rate | Unresolved:
        question = (activity.unit, activity.date, multiplier.factor_currency)
        found = self._rates.get(question)
        if found is None:
            _make_room(self._rates)
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
        biogenic = multiplier.biogenic_mg_co2
        emissions = quantised_mg(amount, multiplier.mg_co2e_per_unit)
        row = row_for(activity.category, multiplier.method)
        return EmissionLine(
            amount=amount,
            mg_co2e_per_unit=multiplier.mg_co2e_per_unit,
            emissions_mg_co2e=emissions,
            factor_id=multiplier.factor_id,
            factor_unit=multiplier.factor_unit,
            pack=multiplier.pack,
            method=multiplier.method,
            notices=(*multiplier.notices, *rate.notices),
            steps=(
                *multiplier.steps,
                *_exchanged(activity, rate, amount=amount, currency=multiplier.factor_currency),
                f"{amount!r} x {multiplier.mg_co2e_per_unit!r} = {emissions} mg CO2e",
            ),
            category=activity.category,
            gases_mg_co2e={gas: quantised_mg(amount, mg) for gas, mg in multiplier.gases_mg_co2e.items()},
            biogenic_mg_co2=None if biogenic is None else quantised_mg(amount, biogenic),
            is_apart=row is not None and row.is_apart,
            quality=multiplier.quality,
            ln_sigma=multiplier.ln_sigma,
        )


def _make_room(kept: dict[Any, Any]) -> None:
    """Forget all once there are too many: requests can name things without end."""
    if len(kept) >= MOST_KEPT:
        kept.clear()


def _exchanged(activity: ActivityData, rate: Rate, *, amount: float, currency: str) -> tuple[str, ...]:
    if not rate.published:
        return ()
    told = f"{rate.value!r} {currency} per {activity.unit} of {rate.published}"
    return (f"{activity.quantity} {activity.unit} x {told} = {amount!r} {currency}",)


def _of_part(line: EmissionLine, part: PartOfActivity) -> EmissionLine:
    return replace(
        line, part=part.name, notices=(*line.notices, *part.notices), steps=(part.formula, *line.steps)
    )


def year_of(day: str) -> int | None:
    """Return the year of an ISO date, None where it has none."""
    head = day[:4]
    return int(head) if len(head) == 4 and head.isascii() and head.isdigit() else None
