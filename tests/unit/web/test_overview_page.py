"""Where an overview's rows lead, and what they are called."""

from typing import Any
from uuid import UUID

from vcci.web.overview_page import Links, told_of

RUN = UUID("018f0000-0000-7000-8000-000000000001")


def hotspot(kind: str, supplier: str | None, lines: int = 1) -> dict[str, Any]:
    supplier_id = str(RUN) if kind == "supplier" else None
    told = {"category": 4, "kind": kind, "supplier_id": supplier_id, "supplier": supplier, "suppliers": 1_200}
    return told | {"lines": lines, "emissions_mg_co2e": 7}


def document(**changes: Any) -> dict[str, Any]:
    category = {"category": 4, "title": "Freight", "lines": 5, "emissions_mg_co2e": 35, "quality": []}
    return {
        "categories": [category],
        "category": None,
        "hotspots": [
            *(hotspot("supplier", name) for name in ("Alpha", "Alpha", "")),
            *(hotspot(kind, None) for kind in ("none", "others")),
        ],
        "bridge": {"reason": "none"},
        "rows": {"rows": 5},
        "total": {"lines": 5},
    } | changes


def test_suppliers_of_one_name_are_told_apart() -> None:
    (branch,) = told_of(document(), Links("/overview", {}))["branches"]
    names = ["Alpha", "Alpha (2)", "(no name)", "Without a supplier", "All others (1,200)"]
    assert [leaf.label for leaf in branch.leaves] == names
    assert {leaf.path.partition("\x1f")[0] for leaf in branch.leaves} == {"Freight"}


def test_nodes_narrow_the_page_or_lead_on_within_the_runs_and_the_year() -> None:
    links = Links("/overview", {"runs": [RUN], "year": 2024})
    (branch,) = told_of(document(), links)["branches"]
    assert branch.href == f"/overview?runs={RUN}&year=2024&category=4"
    assert branch.leaves[0].href == f"/categories/4/suppliers/{RUN}?runs={RUN}&year=2024"
    assert branch.leaves[3].href == f"/categories/4/suppliers/none?runs={RUN}&year=2024"
    (alone,) = told_of(document(category=4), links)["branches"]
    assert alone.href == f"/categories/4?runs={RUN}&year=2024"


def test_steps_stand_in_the_order_of_effects_without_empty_ones() -> None:
    effects = [
        {"category": category, "effect": effect, "emissions_mg_co2e": mg}
        for category, effect, mg in [
            (1, "data", 5),
            (1, "volume", 3),
            (2, "volume", 4),
            (1, "mix", 1),
            (2, "mix", -1),
        ]
    ]
    sides = {name: {"label": name, "emissions_mg_co2e": mg} for name, mg in (("older", 1), ("newer", 13))}
    told = told_of(document(bridge={**sides, "effects": effects}), Links("/overview", {}))
    assert [(step.label, step.mg) for step in told["steps"]] == [("volume", 7), ("data", 5)]
    assert told["start_step"].mg + sum(step.mg for step in told["steps"]) == told["end_step"].mg
