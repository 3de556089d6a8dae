"""Where the pages are: sections of the menu, and the keys that lead to them."""

from dataclasses import dataclass
from typing import Final

from vcci.domain.access import Permission


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the menu; `key` is pressed after `g`. It is shown to those with the permission.

    One that is of the whole service is shown only to those of the tenant that runs it.
    """

    name: str
    path: str
    key: str
    permission: Permission = Permission.READ
    is_of_service: bool = False


SECTIONS: Final = (
    Section("Overview", "/overview", "o"),
    Section("Import", "/import", "i", Permission.WRITE),
    Section("Suppliers", "/suppliers", "s"),
    Section("Factors", "/factors", "f"),
    Section("Review", "/review", "r"),
    Section("Runs", "/runs", "u"),
    Section("Jobs", "/jobs", "j"),
    Section("Reports", "/reports", "e"),
    Section("Performance", "/performance", "p", Permission.ADMINISTER, is_of_service=True),
    Section("Settings", "/settings", "t"),
)

KEYS: Final = (
    ("?", "show these keys"),
    ("/", "go to the search of the page"),
    ("g, then a letter of the menu", "go to that section"),
    ("j, k", "to the next, to the last row of a table"),
    ("Enter", "open the row"),
    ("n, p", "to the next, to the last page of a list"),
    ("Esc", "close what is open"),
)
"""Keys beside those of the sections, and what they do; static/keys.js acts on them."""
