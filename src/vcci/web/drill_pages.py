"""What the pages on the way down from a total have in common: where they stand, and what is asked of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.drill_read import merged_into, standing_supplier
from vcci.database.supplier_store import SupplierRow
from vcci.domain.category import STATED_APART, Category
from vcci.edge.problems import ProblemError
from vcci.services.drill import UNDATED, category_title
from vcci.web.inventory_runs import RunsAsked

MONTH: Final = re.compile(r"(?!0000)[0-9]{4}-(0[1-9]|1[0-2])")
NONE: Final = "none"
"""Stands in an address for lines that name no supplier, or have no date."""

NO_SUPPLIER: Final = "Without a supplier"
SUPPLIERS: Final = "/suppliers"


@dataclass(frozen=True, slots=True)
class Crumb:
    """A page above this one; the last has no address."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Whose:
    """A supplier with what was merged into it; of lines that name none `row` is None."""

    row: SupplierRow | None
    merged: Sequence[Any] = ()

    @property
    def name(self) -> str:
        """The supplier's name."""
        return self.row.name if self.row else NO_SUPPLIER

    @property
    def key(self) -> str:
        """What an address calls it."""
        return str(self.row.id) if self.row else NONE

    @property
    def ids(self) -> tuple[UUID, ...]:
        """Its own id and those of the merged."""
        return (self.row.id, *(one["id"] for one in self.merged)) if self.row else ()

    def as_json(self) -> dict[str, Any] | None:
        """Return it in plain values."""
        return {"id": str(self.row.id), "name": self.row.name} if self.row else None


async def whose(tx: Connection, tenant_id: UUID, asked: str) -> Whose:
    """Return the supplier that is meant, or the one that it was merged into; raises if there is none."""
    if asked == NONE:
        return Whose(None)
    found = await standing_supplier(tx, tenant_id, id_in(asked))
    if found is None:
        raise ProblemError("not_found", "There is no such supplier.")
    return Whose(found, await merged_into(tx, tenant_id, [found.id]))


def id_in(text: str) -> UUID:
    """Return the id that a text is; raises the problem of a thing that is not there."""
    try:
        return UUID(text)
    except ValueError:
        raise ProblemError("not_found") from None


def category_in(text: str) -> int:
    """Return the category that a text is, 0 to 15; raises the problem of a thing that is not there."""
    known = {str(number): number for number in (STATED_APART, *Category)}
    if text not in known:
        raise ProblemError(
            "not_found", "There is no such category: there are 1 to 15, and 0 for what is apart."
        )
    return int(known[text])


def month_in(text: str) -> str | None:
    """Return the month that a text is, None for no text; raises the problem of any other."""
    if text in ("", UNDATED) or MONTH.fullmatch(text):
        return text or None
    raise ProblemError("request_invalid", "A month is written as 2024-05, or none for lines without a date.")


def crumbs(
    asked: RunsAsked, *, category: int | None = None, supplier: Whose | None = None, last: str = ""
) -> list[Crumb]:
    """Return the way down from the overview, by category and supplier as far as these are told."""
    found = [Crumb("Overview", asked.link("/overview"))]
    if category is not None:
        found.append(Crumb(titled(category), asked.link(f"/categories/{category}")))
        if supplier is not None:
            path = f"/categories/{category}/suppliers/{supplier.key}"
            found.append(Crumb(supplier.name, asked.link(path)))
    elif supplier is not None:
        found.append(Crumb("Suppliers", asked.link(SUPPLIERS)))
        path = f"{SUPPLIERS}/{supplier.key}" if supplier.row else "/lines"
        found.append(Crumb(supplier.name, asked.link(path, supplier=None if supplier.row else NONE)))
    if last:
        return [*found, Crumb(last)]
    return [*found[:-1], Crumb(found[-1].text)]


def titled(category: int) -> str:
    """Return number and name of a category."""
    return f"{category} {category_title(category)}" if category else category_title(category)


def month_text(month: Any) -> str:
    """Return a month as people write it; of lines without a date, that."""
    return f"{month:%Y-%m}" if month else "without a date"


def month_key(month: Any) -> str:
    """Return what an address calls a month."""
    return f"{month:%Y-%m}" if month else UNDATED
