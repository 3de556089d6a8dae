"""Write docs/methods/ from the catalogue, and docs/boundary.md from the rules.

vcci bench method_pages
"""

from pathlib import Path

from vcci.reports.boundary_page import boundary_page
from vcci.reports.method_pages import pages

FOLDER = Path(__file__).parents[1] / "docs" / "methods"


def main() -> None:
    """Write every page."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    (FOLDER.parent / "boundary.md").write_text(boundary_page(), encoding="utf-8")
    print(f"{len(pages())} pages in {FOLDER.name}/")


if __name__ == "__main__":
    main()
