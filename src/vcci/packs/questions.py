"""What a question put to a pack is given, and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from vcci.domain.factor import PackManifest
from vcci.domain.quantity import UnitTable
from vcci.packs.library import PackLibrary


@dataclass(frozen=True, slots=True)
class Opened:
    """A pack whose bytes are those that its manifest vouches for, in the library that has the others.

    `units` are those that the product can convert, where the asker knows them.
    """

    manifest: PackManifest
    rows: pl.DataFrame
    library: PackLibrary
    units: UnitTable | None = None


Answer = tuple[str, bool, str]
"""What was asked, whether it holds, and the figures behind it."""

Question = Callable[[Opened], Answer | None]
"""None where the question does not arise."""


def last_digit(figure: Decimal) -> Decimal:
    """Return one unit of the last digit that a figure is printed with."""
    return Decimal(1).scaleb(int(figure.as_tuple().exponent))


def each_once(column: str, what: str) -> Question:
    """Return the question whether every `what` of a column stands once."""

    def ask(pack: Opened) -> Answer:
        distinct = pack.rows[column].n_unique()
        said = f"{distinct:,} {what}s in {pack.rows.height:,} rows"
        return f"every {what} stands once", distinct == pack.rows.height, said

    return ask
