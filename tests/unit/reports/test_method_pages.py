"""The method pages say what the catalogue does."""

from pathlib import Path

from vcci.domain.category import Category
from vcci.engine.methods import ROWS
from vcci.reports.boundary_page import boundary_page
from vcci.reports.method_pages import pages

FOLDER = Path(__file__).parents[3] / "docs" / "methods"


def test_committed_pages_are_those_that_the_catalogue_makes() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert committed == pages()


def test_every_method_is_on_the_page_of_each_of_its_categories() -> None:
    made = pages()
    missing = [
        (category, row.method)
        for row in ROWS
        for category in row.categories
        if f"## `{row.method}`" not in made[f"category-{category:02}.md"]
    ]
    assert missing == []


def test_committed_page_of_the_boundary_is_the_one_that_the_rules_make() -> None:
    committed = (FOLDER.parent / "boundary.md").read_text(encoding="utf-8")
    assert committed == boundary_page()


def test_every_category_has_a_method() -> None:
    assert {category for row in ROWS for category in row.categories} == set(Category)
