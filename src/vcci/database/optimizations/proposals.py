"""Which index could spare a query from reading a table whole: columns compared for equality, then the rest.

A proposal is a guess from the conditions of the plan. What it is worth only a trial can tell.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from vcci.database.optimizations.plan_tree import Node, Plan

COMPARED: Final = re.compile(
    r"\(?(?:(?:\w+|\"[^\"]+\")\.)?(?P<column>\w+|\"[^\"]+\")\)?(?:::[\w ]+)?"
    r" (?P<operator>=|<|>|<=|>=|IS NULL)(?P<rest>.*)",
    re.DOTALL,
)
EQUAL: Final = ("=", "IS NULL")
MOST_COLUMNS: Final = 4


@dataclass(frozen=True, slots=True)
class Proposal:
    """An index that may help: its columns, and the tables of the plan that it is to be built on."""

    columns: Sequence[str]
    tables: Sequence[str]


@dataclass(slots=True)
class Wanted:
    """What the conditions on one table compare."""

    equal: list[str] = field(default_factory=list)
    ranged: list[str] = field(default_factory=list)


def proposals(plan: Plan) -> list[Proposal]:
    """Return indexes to try, without repetition; partitions that are read alike share one."""
    tables: dict[tuple[str, ...], list[str]] = {}
    for node, ordered in _scans(plan.root, ()):
        for columns in _columns(node, ordered):
            tables.setdefault(columns, []).append(node.relation)
    return [Proposal(columns, tuple(dict.fromkeys(names))) for columns, names in tables.items()]


def _scans(node: Node, ordered: tuple[str, ...]) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """Yield each table that is read whole under conditions, with the order that its rows are wanted in."""
    if node.kind == "Seq Scan" and node.facts.get("Filter"):
        yield node, ordered
    keys = tuple(node.facts.get("Sort Key", ())) if node.kind == "Sort" else ordered
    for child in node.children:
        is_kept = node.kind in ("Sort", "Limit", "Append", "Merge Append", "Gather", "Gather Merge")
        yield from _scans(child, keys if is_kept else ())


def _columns(node: Node, ordered: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    wanted = compared(str(node.facts["Filter"]))
    sorted_by = _sort_columns(ordered)
    for others in (wanted.ranged[:1], sorted_by):
        columns = tuple(dict.fromkeys((*wanted.equal, *others)))[:MOST_COLUMNS]
        if columns and (others or not (wanted.ranged or sorted_by)):
            yield columns


def compared(condition: str) -> Wanted:
    """Return the columns that all rows of a result have to agree in, or lie in a range of."""
    wanted = Wanted()
    for part in _conjuncts(condition):
        found = COMPARED.fullmatch(part)
        if found is None or re.search(r"\b[a-z_]\w*\.\w", found["rest"]):
            continue
        columns = wanted.equal if found["operator"] in EQUAL else wanted.ranged
        columns.append(found["column"].strip('"'))
    wanted.equal.sort(key=lambda name: name != "tenant_id")
    return wanted


def _conjuncts(condition: str) -> Iterator[str]:
    """Yield what is joined by AND at the top, without the parentheses around it."""
    text = _stripped(condition)
    depth, start = 0, 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0 and text.startswith(" OR ", place):
            return
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0 and text.startswith(" AND ", place):
            yield _stripped(text[start:place])
            start = place + len(" AND ")
    yield _stripped(text[start:])


def _stripped(text: str) -> str:
    while text.startswith("(") and text.endswith(")") and _closes_at_the_end(text):
        text = text[1:-1]
    return text


def _closes_at_the_end(text: str) -> bool:
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return place == len(text) - 1
    return False


def _sort_columns(keys: Sequence[str]) -> list[str]:
    """Return the columns of a sort that all go one way; none where they do not."""
    parsed = [re.fullmatch(r"(?:\w+\.)?(\w+)( DESC)?", key) for key in keys]
    if not parsed or not all(parsed) or len({one[2] for one in parsed if one}) != 1:
        return []
    return [one[1] for one in parsed if one]
