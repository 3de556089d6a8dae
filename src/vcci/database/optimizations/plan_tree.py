"""What PostgreSQL says of a plan (EXPLAIN, FORMAT JSON), as numbers; values in it are taken out."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

CAST: Final = r"(?:::\w+(?: varying| precision| with(?:out)? time zone)?(?:\(\d+\))?(?:\[\])?)?"
LITERALS: Final = re.compile(rf"'(?:[^']|'')*'{CAST}|(?<![\w.$\"])-?\d+(?:\.\d+)?\b")
"""Texts and numbers in conditions: what a query was asked with, which may be personal."""

WITH_VALUES: Final = (
    "Filter", "Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "One-Time Filter",
)  # fmt: skip
LISTS_WITH_VALUES: Final = ("Output", "Sort Key", "Group Key")
HIT, READ = "Shared Hit Blocks", "Shared Read Blocks"
LOCAL: Final = ("Local Hit Blocks", "Local Read Blocks")
WRITES: Final = frozenset({"ModifyTable", "LockRows"})


@dataclass(frozen=True, slots=True)
class Node:
    """A step of a plan with all that is below it; rows and buffers are of all its loops."""

    kind: str
    facts: Mapping[str, Any]
    children: Sequence["Node"] = field(default=())

    def walk(self) -> Iterator["Node"]:
        """Yield this step and all below it, from above."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def relation(self) -> str:
        """The table that it reads, with its schema; empty where it reads none."""
        names = (self.facts.get("Schema", ""), self.facts.get("Relation Name", ""))
        return ".".join(filter(None, names)) if names[1] else ""

    @property
    def index(self) -> str:
        """The index that it reads; empty where it reads none."""
        return str(self.facts.get("Index Name", ""))

    @property
    def rows(self) -> int:
        """Rows that it gave."""
        return round(self._number("Actual Rows") * self._number("Actual Loops"))

    @property
    def rows_examined(self) -> int:
        """Rows that it looked at, those that it dropped included."""
        removed = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
        return self.rows + round(sum(map(self._number, removed)) * self._number("Actual Loops"))

    @property
    def buffers(self) -> int:
        """Pages of 8 KiB that it and all below it touched, in memory or not."""
        return round(self._number(HIT) + self._number(READ))

    @property
    def local_buffers(self) -> int:
        """Pages of temporary tables that it and all below it touched."""
        return round(sum(map(self._number, LOCAL)))

    def _number(self, name: str) -> float:
        return float(self.facts.get(name, 0))


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan; times in milliseconds, 0 where it was not executed."""

    root: Node
    planning_ms: float
    execution_ms: float
    query_id: str

    @property
    def cost(self) -> float:
        """What the planner took it to cost, in its own unit."""
        return float(self.root.facts.get("Total Cost", 0))

    @property
    def rows_examined(self) -> int:
        """Rows that were looked at in tables and indexes."""
        return sum(node.rows_examined for node in self.root.walk() if not node.children)

    @property
    def indexes(self) -> list[str]:
        """Names of the indexes that are read, in the order of the plan."""
        return list(dict.fromkeys(node.index for node in self.root.walk() if node.index))

    @property
    def scanned(self) -> list[str]:
        """Tables that are read whole."""
        found = (node.relation for node in self.root.walk() if node.kind == "Seq Scan")
        return list(dict.fromkeys(found))

    @property
    def writes(self) -> bool:
        """Say whether a step writes or locks rows."""
        return any(node.kind in WRITES for node in self.root.walk())


def read_plan(told: str | Sequence[Mapping[str, Any]]) -> Plan:
    """Return the plan of EXPLAIN's JSON, as text or as values."""
    whole = (json.loads(told) if isinstance(told, str) else told)[0]
    query_id = str(whole.get("Query Identifier", ""))
    planning_ms, execution_ms = (float(whole.get(name, 0)) for name in ("Planning Time", "Execution Time"))
    return Plan(_node(whole["Plan"]), planning_ms, execution_ms, query_id)


def without_values(text: str) -> str:
    """Return a condition or statement without the values in it."""
    return LITERALS.sub("?", text)


def _node(told: Mapping[str, Any]) -> Node:
    facts = {name: value for name, value in told.items() if name != "Plans"}
    facts |= {name: without_values(facts[name]) for name in WITH_VALUES if name in facts}
    facts |= {name: list(map(without_values, facts[name])) for name in LISTS_WITH_VALUES if name in facts}
    return Node(str(told["Node Type"]), facts, tuple(_node(child) for child in told.get("Plans", ())))
