"""The method pages of the documentation, generated from the catalogue: docs/methods/*.md."""

from collections.abc import Iterator

from vcci.domain.category import Category
from vcci.domain.method import MethodRow, Part
from vcci.engine.methods import ROWS, methods_of
from vcci.engine.methods.inputs import INPUTS

MADE = "<!-- Made by `vcci bench method_pages`; a test holds it equal to the catalogue. -->"


def pages() -> dict[str, str]:
    """Return the text of each page by its file name."""
    listed = {f"category-{category:02}.md": _page(category) for category in Category}
    return {"README.md": _index(), **listed, "inputs.md": _inputs()}


def _index() -> str:
    rows = [
        f"| {category} | [{category.title}](category-{category:02}.md) | "
        + ", ".join(f"`{row.method}`" for row in methods_of(category))
        + " |"
        for category in Category
    ]
    return _text(
        "# Calculation methods",
        f"The catalogue has {len(ROWS)} rows. Each method of a category is listed, the best first.",
        "| category | title | methods |\n|---:|---|---|\n" + "\n".join(rows),
        "A method turns the inputs of an activity into one or several parts, each an amount times a factor:"
        " the lines of the activity. It has all of its lines or none. The [inputs](inputs.md) are named the"
        " same in every method.",
    )


def _page(category: Category) -> str:
    return _text(f"# Category {category}: {category.title}", *map(_method, methods_of(category)))


def _method(row: MethodRow) -> str:
    inputs = [
        f"| `{name}` | {INPUTS[name].kind} | {INPUTS[name].meaning}{_remark(row, name)} |"
        for name in row.inputs
    ]
    return "\n\n".join(
        (
            f"## `{row.method}`",
            "\n".join(_facts(row)),
            "| part | amount | in | factor |\n|---|---|---|---|\n" + "\n".join(map(_part, row.parts)),
            "| input | given in | what it is |\n|---|---|---|\n" + "\n".join(inputs),
        )
    )


def _facts(row: MethodRow) -> Iterator[str]:
    yield f"- Boundary: {row.boundary}."
    yield f"- Source: {row.source}."
    yield f"- Rank: {row.rank}" + (", on data of suppliers or other partners." if row.is_primary else ".")
    if not row.in_guidance:
        yield "- Not in the Technical Guidance; lines carry the notice `method_outside_guidance`."
    if row.is_apart:
        yield "- Stated beside the totals, never in them."
    if row.shares:
        yield f"- {', '.join(f'`{name}`' for name in row.shares)} add up to 100 % at most."


def _part(part: Part) -> str:
    names = {name: f"`{name}`" for name in part.amount.names}
    unit = part.unit or "the unit of its first input"
    return f"| {part.name} | {part.amount.words(names)} | {unit} | {_factor(part, unit)} |"


def _factor(part: Part, unit: str) -> str:
    if part.reported:
        return "none: the emissions are as reported"
    per = f"kg CO2e per {unit}" if part.unit else "kg CO2e per unit of that dimension"
    return f"{per}, less that of `{part.less}`" if part.less else per


def _remark(row: MethodRow, name: str) -> str:
    if name in row.defaults:
        default = row.defaults[name]
        return f"; {default.value} where it is not known (notice `{default.notice}`)"
    return "; may be left out" if name in row.optional else ""


def _inputs() -> str:
    rows = [f"| `{given.name}` | {given.kind} | {given.meaning} |" for given in INPUTS.values()]
    return _text(
        "# Inputs of methods",
        'A number is written with its unit: "120 km", "3.5 t", "40 %". Any unit of the same dimension'
        " will do (`parameters/units.yaml`).",
        "| input | given in | what it is |\n|---|---|---|\n" + "\n".join(rows),
    )


def _text(heading: str, *paragraphs: str) -> str:
    return "\n\n".join((MADE, heading, *paragraphs)) + "\n"
