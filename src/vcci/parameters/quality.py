"""Load the tables of data quality: pedigree.yaml and assessments.yaml."""

from functools import cache
from importlib import resources
from typing import Any, Final

from vcci.domain.quality import PedigreeTable
from vcci.engine.assess import Assessment
from vcci.parameters.yaml_text import parsed

DEFAULT_TABLE: Final = "openlca"


def _read(name: str) -> Any:
    return parsed(resources.files("vcci.parameters").joinpath(name).read_text(encoding="utf-8"))


@cache
def pedigree(name: str = DEFAULT_TABLE) -> PedigreeTable:
    """Return a table of squared GSD by indicator and score."""
    factors = _read("pedigree.yaml")["tables"][name]
    return PedigreeTable(name, {indicator: tuple(column) for indicator, column in factors.items()})


@cache
def assessments() -> tuple[Assessment, ...]:
    """Return how good the factors of packs are, by the beginning of the pack's name."""
    basic = _read("pedigree.yaml")["basic"]
    return tuple(
        Assessment(
            prefix=entry["prefix"],
            basic_gsd_squared=basic[entry["basic"]],
            technology=entry["technology"],
            completeness=entry["completeness"],
            reliability=entry["reliability"],
            why=entry["why"],
            gsd_squared_of_units={u: basic[kind] for u, kind in entry.get("basic_of_units", {}).items()},
        )
        for entry in _read("assessments.yaml")["packs"]
    )
