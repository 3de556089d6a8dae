"""Write docs/published-answers.md: every published answer that the engine is held to, and the errata.

vcci bench published_answers ../shared/oracles/ghg_protocol_examples.json
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "published-answers.md"
GOLDEN = ROOT / "tests" / "golden"
HEAD = """# Published answers

The engine is held to the numbers that standards and publishers print. Each of these {count} answers is a
test of its own (tests/golden/): its inputs go into the public API, and what comes out has to be the printed
answer within half a unit of its last digit.

"""
ERRATA = """
## Errata

Where a publication contradicts itself, the engine gives what the printed inputs come to.

| answer | printed | comes to | why |
|---|---:|---:|---|
"""


def page(rows: list[Mapping[str, Any]], table: Mapping[str, Any]) -> str:
    """Return the page: a table of the answers, and one of what publications print wrongly."""
    checks = {entry["id"]: entry["checks"] for entry in table["rows"]}
    held = [row for row in rows if row["oracle"]]
    lines = [
        f"| `{row['id']}` | {row['source']['document']}, {row['source']['where']} | "
        f"{row['expected']} {row['unit']} | {checks.get(row['id'], 'the boundary')} |"
        for row in held
    ]
    errata = [
        f"| `{row['id']}` | {row['expected']} {row['unit']} | {correct(row)} | {table['errata'][row['id']]} |"
        for row in rows
        if row["flag"]
    ]
    answers = "| answer | source | printed | what is checked |\n|---|---|---:|---|\n" + "\n".join(lines)
    return HEAD.format(count=len(held)) + answers + "\n" + ERRATA + "\n".join(errata) + "\n"


def correct(row: Mapping[str, Any]) -> str:
    """Return what the inputs come to, or that the publication leaves it open."""
    found = row["flag"].get("correct")
    return "open" if found is None else f"{found} {row['unit']}"


def main(oracles: str) -> None:
    """Write the page from the file of published examples and the golden table."""
    rows = json.loads(Path(oracles).read_text(encoding="utf-8"), parse_float=str, parse_int=str)["rows"]
    table = yaml.safe_load((GOLDEN / "published_answers.yaml").read_text(encoding="utf-8"))
    PAGE.write_text(page(rows, table), encoding="utf-8")
    print(f"written to {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
