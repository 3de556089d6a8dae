"""docs/boundary.md, generated from the rules: every situation and where it belongs."""

from dataclasses import fields
from itertools import product
from typing import Any

from vcci.domain.boundary import Change, Situation
from vcci.engine.boundary import RULES, place, recalculation

HEAD = """<!-- Made by `vcci bench method_pages`; a test holds it equal to the rules. -->

# The boundary

Where an emission belongs, by who pays, who controls, which lease and which leg: `vcci.place("freight",
leg=..., operator=..., is_paid_by_company=..., source=...)` answers with the category or scope, why, and the
source, the GHG Protocol's Scope 3 Standard (2011). Every combination has exactly one place.
"""


def boundary_page() -> str:
    """Return the page."""
    tables = [_table(kind) for kind in RULES]
    changes = [f"| {change.value} | {recalculation(change).value} |" for change in Change]
    base_year = "## The base year\n\n| change | consequence |\n|---|---|\n" + "\n".join(changes)
    return "\n\n".join((HEAD.rstrip(), *tables, base_year)) + "\n"


def _table(kind: type) -> str:
    names = [field.name for field in fields(kind)]
    rows = [_row(names, situation) for situation in _every(kind)]
    head = "| " + " | ".join([*(f"`{name}`" for name in names), "belongs to", "why", "source"]) + " |"
    rule = "|" + "---|" * (len(names) + 3)
    return "\n".join((f"## {kind.__name__}", "", head, rule, *rows))


def _every(kind: type) -> list[Situation]:
    choices = [[True, False] if field.type is bool else list(field.type) for field in fields(kind)]
    return [kind(*chosen) for chosen in product(*choices)]


def _row(names: list[str], situation: Any) -> str:
    placed = place(situation)
    told = [_word(getattr(situation, name)) for name in names]
    return "| " + " | ".join((*told, placed.label, placed.why, placed.source)) + " |"


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value.value)
