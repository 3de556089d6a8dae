"""A calculation method as data: its inputs, the products that make its amounts, its boundary, its source.

A method turns the inputs of one activity into one or several *parts*, each an amount times a factor. Nearly
every amount of the Technical Guidance is a product; `Product` is that, so formulas print themselves.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Final, Protocol

from vcci.domain.category import Category, Method

REPORTED: Final = "reported"
"""The activity of emissions that somebody else has worked out: its factor is one."""


class Kind(StrEnum):
    """What an input may be; any other kind is the symbol of the unit that it is brought to."""

    ANY = "any physical unit"
    MONEY = "a currency"
    NUMBER = "a number"
    SHARE = "a share, 0 to 1 or in %"


@dataclass(frozen=True, slots=True)
class Input:
    """An input of a method: its name, its `kind` (of `Kind`, or a unit's symbol), and what it is."""

    name: str
    kind: str
    meaning: str

    @property
    def keeps_unit(self) -> bool:
        """Say whether the amount is in the unit that the input was given in."""
        return self.kind in (Kind.ANY, Kind.MONEY)


class Amount(Protocol):
    """A pure function of exact inputs, each in the unit of its kind."""

    @property
    def lead(self) -> str:
        """The input that says whether the part is there at all."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every input that the amount is made of."""

    def of_inputs(self, given: dict[str, Fraction]) -> Fraction:
        """Return the amount; inputs that are not given are left out of it."""

    def words(self, given: dict[str, str]) -> str:
        """Return the formula with each name replaced by its text in `given`."""


@dataclass(frozen=True, slots=True)
class Product:
    """a x b x (1 - c - d) / e / (f + g), and twice that for a way there and back."""

    of: tuple[str, ...]
    per: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    per_sum: tuple[str, ...] = ()
    there_and_back: bool = False

    @property
    def lead(self) -> str:
        """The first factor of the product."""
        return self.of[0]

    @property
    def names(self) -> tuple[str, ...]:
        """Every input of the product."""
        return (*self.of, *self.less, *self.per, *self.per_sum)

    def of_inputs(self, given: dict[str, Fraction]) -> Fraction:
        """Return the product of those inputs that are given; `ZeroDivisionError` where a divisor is 0."""
        amount = Fraction(2 if self.there_and_back else 1)
        for name in self.of:
            amount *= given.get(name, 1)
        amount *= 1 - sum((given.get(name, Fraction(0)) for name in self.less), Fraction(0))
        for name in self.per:
            amount /= given.get(name, 1)
        if self.per_sum:
            amount /= sum((given[name] for name in self.per_sum), Fraction(0))
        return amount

    def words(self, given: dict[str, str]) -> str:
        """Return the product in words, or in numbers where `given` holds the inputs' texts."""
        shown = [given[name] for name in self.of if name in given]
        shown += ["2"] if self.there_and_back else []
        taken_off = [given[name] for name in self.less if name in given]
        shown += [f"(1 - {' - '.join(taken_off)})"] if taken_off else []
        text = " x ".join(shown)
        for name in self.per:
            text += f" / {given[name]}" if name in given else ""
        if self.per_sum:
            text += f" / ({' + '.join(given[name] for name in self.per_sum)})"
        return text


@dataclass(frozen=True, slots=True)
class Default:
    """A value that the standard itself gives where an input is unknown; the line carries `notice`."""

    value: str
    notice: str


@dataclass(frozen=True, slots=True)
class Part:
    """An amount and the factor that it is multiplied by.

    `name` is what the caller names the factor by; where `less` is set, the factor of that name is taken off
    it. `unit` is the amount's; empty: that of its first input. A part that is `reported` needs no
    factor; one that `is_share` cannot be more than its first input.
    """

    name: str
    amount: Amount
    unit: str = ""
    reported: bool = False
    less: str = ""
    is_share: bool = False


@dataclass(frozen=True, slots=True)
class MethodRow:
    """One row of the catalogue; `rank` 1 is the best of its category.

    A part is there if its first input is given; inputs in `optional` may be left out of a product.
    `shares` name inputs that are parts of a whole. `is_apart`: stated beside the totals, never in them.
    `is_primary`: stands on data of suppliers or other partners of the value chain.
    """

    categories: tuple[Category, ...]
    method: Method
    rank: int
    parts: tuple[Part, ...]
    boundary: str
    source: str
    optional: tuple[str, ...] = ()
    defaults: dict[str, Default] = field(default_factory=dict)
    shares: tuple[str, ...] = ()
    in_guidance: bool = True
    is_apart: bool = False
    is_primary: bool = False

    @property
    def inputs(self) -> tuple[str, ...]:
        """Every input of the method, in the order of its parts."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.amount.names))
