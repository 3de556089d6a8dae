"""The tables of a page, as a person sees them: rows with their links, exact figures and texts."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

ROWS_DEEP = 2
"""A row of the page stands on what is outside of any; tables within a row belong to small charts."""


@dataclass
class Row:
    """A row of a table; `figures` are the exact numbers behind what is shown."""

    is_foot: bool = False
    links: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)

    @property
    def mg(self) -> int:
        """The last figure of the row, in mg CO2e."""
        return int(self.figures[-1])


class Page(HTMLParser):
    """Reads the tables of a page by their captions' regions, the links to other pages, and named figures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[Row]] = {}
        self.rel: dict[str, str] = {}
        self.named: dict[str, str] = {}
        self.crumbs: list[str] = []
        self._region, self._is_foot, self._is_crumb = "", False, False
        self._rows = [Row()]
        self.feed(text)

    @property
    def _row(self) -> Row:
        return self._rows[-1]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where the parser is."""
        told = {name: value or "" for name, value in attrs}
        if told.get("role") == "region":
            self._region = told["aria-label"]
        elif tag == "ol":
            self._is_crumb = told.get("class") == "breadcrumb"
        elif tag in ("thead", "tbody", "tfoot"):
            self._is_foot = tag == "tfoot"
        elif tag == "tr":
            self._rows.append(Row(self._is_foot))
            if len(self._rows) == ROWS_DEEP:
                self.tables.setdefault(self._region, []).append(self._rows[-1])
        elif tag in ("td", "th"):
            self._row.cells.append("")
        elif tag == "data":
            self._row.figures.append(told["value"])
            self.named[told.get("id", "")] = told["value"]
        elif tag == "a" and "href" in told:
            self._row.links.append(told["href"])
            self.rel[told.get("rel", "")] = told["href"]
            self.crumbs += [told["href"]] if self._is_crumb else []

    def handle_endtag(self, tag: str) -> None:
        """Note what has ended."""
        if tag == "tr":
            self._rows.pop()
        elif tag == "ol":
            self._is_crumb = False

    def handle_data(self, data: str) -> None:
        """Keep the text of a cell."""
        if self._row.cells:
            self._row.cells[-1] += data

    def rows(self, region: str) -> list[Row]:
        """Return the rows with figures that are no sums of others."""
        return [row for row in self.tables.get(region, []) if row.figures and not row.is_foot]

    def foot(self, region: str) -> list[Row]:
        """Return the rows under a table."""
        return [row for row in self.tables.get(region, []) if row.figures and row.is_foot]
