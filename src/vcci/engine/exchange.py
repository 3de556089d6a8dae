"""Exchange rates: money of one currency and date in another, from published reference rates.

The rate of a day without publication is that of the last business day before it, as the ECB's users do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from vcci.domain.quantity import MONEY, UnitTable
from vcci.domain.selection import PARITY, Rate, Unresolved
from vcci.engine.exact import Ratio

LONGEST_GAP_DAYS: Final = 7
"""Days to look back for a published rate: the longest closure of TARGET since 1999 is five days."""

RateSeries = Callable[[str], Mapping[str, Decimal]]
"""Currency -> units of it per euro as published, by ISO date; empty for a currency without rates."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Brings money to a factor's currency; every other unit has the rate 1."""

    units: UnitTable
    per_euro: RateSeries

    def rate(self, unit_text: str, day: str, *, to: str) -> Rate | Unresolved:
        """Return `to` per unit on the ISO date `day`, rounded once; `to` is empty for physical units."""
        unit = self.units.find(unit_text)
        if unit is None:
            return Unresolved("unit_unknown" if unit_text else "unit_missing", (unit_text,))
        moment = _parsed(day)
        if day and moment is None:
            return Unresolved("date_not_a_date", (day,))
        if unit.dimension != MONEY or unit.symbol == to:
            return PARITY
        if moment is None:
            return Unresolved("date_missing")
        sources, targets = self.per_euro(unit.symbol), self.per_euro(to)
        if day in sources and day in targets:
            return Rate(Ratio((targets[day],), (sources[day],)).nearest_float(), day)
        return _of_earlier_day(moment, sources, targets)


def _of_earlier_day(
    moment: date, sources: Mapping[str, Decimal], targets: Mapping[str, Decimal]
) -> Rate | Unresolved:
    for days_back in range(1, LONGEST_GAP_DAYS + 1):
        day = (moment - timedelta(days=days_back)).isoformat()
        if day in sources and day in targets:
            rate = Ratio((targets[day],), (sources[day],)).nearest_float()
            return Rate(rate, day, ("rate_of_earlier_day",))
    return Unresolved("date_outside_rates", (moment.isoformat(),))


def _parsed(day: str) -> date | None:
    if len(day) != 10:
        return None
    try:
        return date.fromisoformat(day)
    except ValueError:
        return None
