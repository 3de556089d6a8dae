"""docs/boundary.md, generated from the rules: what is asked of each situation, and where it then belongs."""

from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Any, Final

from vcci.domain.boundary import MEMO, UNPLACED, Apart, Change, Rule
from vcci.domain.category import Category
from vcci.engine.boundary import RULES, recalculation, values_of

HEAD = """<!-- Made by `vcci bench method_pages`; a test holds it equal to the rules. -->

# The boundary

Where an emission belongs, by who pays, who controls, which lease and which leg: `vcci.place("freight",
leg=..., operator=..., is_paid_by_company=..., source=...)` answers with the category or scope, why, and the
source, the GHG Protocol's Scope 3 Standard (2011). What is left out is asked for if it matters. A rule is
silent on facts that change nothing; exactly one rule fits each combination of facts.
"""

BELONGS: Final[Mapping[Apart, str]] = {
    Apart.OWN_SCOPES: Apart.OWN_SCOPES.value,
    Apart.DIRECT: Apart.DIRECT.value,
    Apart.MEMO: MEMO,
    Apart.ASK: UNPLACED,
}
"""Where an emission belongs that is in no category, in words."""


def boundary_page() -> str:
    """Return the page."""
    situations = [_situation(kind) for kind in RULES]
    changes = [
        f"| {change.value} | {told.value} | {told.why} | {told.source} |"
        for change, told in ((change, recalculation(change)) for change in Change)
    ]
    head = "## The base year\n\n| change | consequence | why | source |\n|---|---|---|---|\n"
    return "\n\n".join((HEAD.rstrip(), *situations, head + "\n".join(changes))) + "\n"


def _situation(kind: type) -> str:
    asked = [f"- `{f.name}`: {f.metadata['question']} {_told(values_of(f))}." for f in fields(kind)]
    head = "| where | belongs to | why | source |\n|---|---|---|---|"
    rules = [_row(rule) for rule in RULES[kind]]
    parts = (f"## {kind.__name__}", "\n".join(asked), "\n".join((head, *rules)))
    return "\n\n".join(part for part in parts if part)


def _row(rule: Rule) -> str:
    facts = "; ".join(f"`{name}`: {_told(values)}" for name, values in rule.when.items())
    why = f"{rule.why} {rule.question}".rstrip()
    return f"| {facts or 'always'} | {_belongs(rule)} | {why} | {rule.source} |"


def _belongs(rule: Rule) -> str:
    if isinstance(rule.belongs, Category):
        return f"3.{rule.belongs}{' (optional)' if rule.is_optional else ''}"
    return BELONGS[rule.belongs]


def _told(values: tuple[Any, ...]) -> str:
    return " / ".join(
        value.value if isinstance(value, StrEnum) else "yes" if value else "no" for value in values
    )
