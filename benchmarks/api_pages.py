"""Write docs/permissions.md and docs/problems.md, and the pages of errors that the package carries.

vcci bench api_pages
"""

import re
from pathlib import Path

import yaml

from vcci.api.permission_page import permission_page
from vcci.edge.problems import KINDS

ROOT = Path(__file__).parents[1]
ERROR_PAGES = ROOT / "src" / "vcci" / "edge" / "error_pages.yaml"
UNCERTAIN = "Something can be read in two ways, and only a person may choose."
A_BUG = "Nothing was stored. Please report it."


def error_pages(errors: str) -> str:
    """Return the codes of docs/errors.md as YAML: what happened, and what to do."""
    found: dict[str, dict[str, str]] = {}
    columns: list[str] = []
    for line in errors.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| code"):
            columns = cells
        elif line.startswith("| `"):
            told = dict(zip(columns, map(_plain, cells), strict=True))
            answer = told.get("answer with", "")
            remedy = told.get("what to do") or (f"Answer with {answer}." if answer else A_BUG)
            page = {"what": told.get("what happened", UNCERTAIN), "remedy": remedy}
            found |= dict.fromkeys(re.findall(r"`(\w+)`", cells[0]), page)
    head = "# Made by `vcci bench api_pages` from docs/errors.md; a test holds both equal.\n"
    return head + yaml.safe_dump({code: dict(page) for code, page in found.items()}, allow_unicode=True)


def problems_page() -> str:
    """Return docs/problems.md."""
    head = """<!-- Made by `vcci bench api_pages`; a test holds it equal to the code. -->
# Problems

What goes wrong over HTTP is answered as a problem (RFC 9457, `application/problem+json`): `type` is the
address of its page, `code` does not change, `detail` says what happened, `hint` what to do, `pointer`
(RFC 6901) which part of the request is at fault; some say more, such as all errors of a request.
Errors of the core keep their own [codes](errors.md), and an activity without a line its
[finding](reasons.md).

| code | status | what it is | what to do |
|---|---|---|---|
"""
    rows = (f"| `{code}` | {kind.status} | {kind.title} | {kind.hint} |" for code, kind in KINDS.items())
    return head + "\n".join(rows) + "\n"


def _plain(text: str) -> str:
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text).replace("`", "")


def main() -> None:
    """Write the pages."""
    docs = ROOT / "docs"
    (docs / "permissions.md").write_text(permission_page(), encoding="utf-8")
    (docs / "problems.md").write_text(problems_page(), encoding="utf-8")
    ERROR_PAGES.write_text(error_pages((docs / "errors.md").read_text("utf-8")), encoding="utf-8")
    print("docs/permissions.md, docs/problems.md, error_pages.yaml")


if __name__ == "__main__":
    main()
