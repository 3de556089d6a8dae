"""Write docs/permissions.md from the routes.

vcci bench api_pages
"""

from pathlib import Path

from vcci.api.permission_page import permission_page

DOCS = Path(__file__).parents[1] / "docs"


def main() -> None:
    """Write the page."""
    (DOCS / "permissions.md").write_text(permission_page(), encoding="utf-8")
    print("docs/permissions.md")


if __name__ == "__main__":
    main()
