"""How a person sees numbers: unit and separators. Figures are exact texts before they are styled."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from vcci.domain.display import exact_kilograms, exact_tonnes, interval_text, money, tonnes
from vcci.domain.inventory import Interval


class Numbers(StrEnum):
    """How numbers are written; the value is the same number in that style."""

    ENGLISH = "1,234,567.89"
    GERMAN = "1.234.567,89"
    FRENCH = "1 234 567,89"
    SWISS = "1’234’567.89"
    INDIAN = "12,34,567.89"


class EmissionUnit(StrEnum):
    """What emissions are counted in."""

    TONNES = "t"
    KILOGRAMS = "kg"


NAMES: Final = {style.name.lower(): style for style in Numbers}
SEPARATORS: Final = {
    Numbers.ENGLISH: (",", "."),
    Numbers.GERMAN: (".", ","),
    Numbers.FRENCH: ("\u202f", ","),
    Numbers.SWISS: ("’", "."),
    Numbers.INDIAN: (",", "."),
}
"""Between groups, and before decimals."""


@dataclass(frozen=True, slots=True)
class Format:
    """A person's choice; every method takes exact integers and returns text."""

    numbers: Numbers = Numbers.ENGLISH
    unit: EmissionUnit = EmissionUnit.TONNES

    def emissions(self, mg_co2e: int) -> str:
        """Return milligrams in the unit: tonnes to the kilogram, kilograms to the gram."""
        return self.styled(tonnes(mg_co2e) if self.unit is EmissionUnit.TONNES else tonnes(1_000 * mg_co2e))

    def exact(self, mg_co2e: int) -> str:
        """Return milligrams in the unit, to the last digit."""
        written = exact_tonnes if self.unit is EmissionUnit.TONNES else exact_kilograms
        whole, _, decimals = written(mg_co2e).partition(".")
        return self.styled(f"{int(whole):,}.{decimals}" if whole != "-0" else f"-0.{decimals}")

    def interval(self, low_mg_co2e: int | None, high_mg_co2e: int | None) -> str:
        """Return the bounds of a 95 % interval, empty where they are not known."""
        if low_mg_co2e is None or high_mg_co2e is None:
            return ""
        scale = 1 if self.unit is EmissionUnit.TONNES else 1_000
        bounds = Interval(scale * low_mg_co2e, scale * high_mg_co2e, 0, 0)
        return " to ".join(self.styled(one) for one in interval_text(bounds).split(" to "))

    def money(self, hundredths: int) -> str:
        """Return hundredths of a currency with two decimals."""
        return self.styled(money(hundredths))

    def count(self, number: int) -> str:
        """Return a whole number."""
        return self.styled(f"{number:,}")

    def moment(self, when: datetime | None) -> str:
        """Return a moment to the minute, in UTC; empty without one."""
        return f"{when:%Y-%m-%d %H:%M} UTC" if when else ""

    def styled(self, english: str) -> str:
        """Return a number that is written 1,234.5 in the chosen style."""
        whole, point, decimals = english.partition(".")
        if self.numbers is Numbers.INDIAN:
            whole = _indian(whole)
        group, mark = SEPARATORS[self.numbers]
        return whole.replace(",", group) + (mark if point else "") + decimals


def _indian(whole: str) -> str:
    """Group by two digits from the thousands on."""
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    digits = digits.replace(",", "")
    head, tail = digits[:-3], digits[-3:]
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
    return sign + ",".join([*pairs, tail])
