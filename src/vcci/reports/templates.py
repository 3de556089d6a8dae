"""Templates of activity tables: one worked row for each method, as CSV or as a documented workbook.

The values are made up and sensible; the factors are of packs that ship, so a template runs as it is written.
"""

import csv
import io
from typing import Any, Final

import xlsxwriter

from vcci.domain.activity import ACTIVITY_SHEET
from vcci.domain.category import Category
from vcci.domain.display import inert
from vcci.domain.method import Kind, MethodRow, Part
from vcci.domain.quantity import MONEY, UnitTable
from vcci.engine.methods import methods_of
from vcci.engine.methods.inputs import INPUTS

HEAD: Final = ("id", "category", "method", "activity")
AMOUNT: Final = ("quantity", "unit")
"""The amount of a row that names no method."""

TAIL: Final = ("date", "region", "supplier", "description")

MEANINGS: Final = {
    "id": "your own name of the activity; it comes back with its lines",
    "category": "Scope 3 category, 1 to 15",
    "method": "one of the methods of the sheet Methods",
    "activity": "the factor: the activity of a pack (`vcci factors search`), or own:NAME of the mapping",
    "quantity": f"{INPUTS['quantity'].meaning}, with its unit; also the amount of a row without a method",
    "unit": "of the quantity, where it does not stand beside the number",
    "date": "YYYY-MM-DD; money needs it for the exchange rate",
    "region": "country by ISO 3166, such as GB",
    "supplier": "who supplied, carried, treated or holds it",
    "description": "free text",
}
"""What the columns beside the inputs are."""

EXAMPLES: Final = {
    Kind.ANY: "1000 kg", Kind.MONEY: "25000 USD", Kind.NUMBER: "10", Kind.SHARE: "40 %",
    "kg": "120 kg", "t": "12.5 t", "km": "320 km", "kWh": "15000 kWh", "kW": "0.3 kW", "m2": "450 m2",
    "m3": "80 m3", "L": "0.35 L", "day": "14 days", "kgCO2e": "2500 kgCO2e", "piece": "12 piece",
    "room_night": "3 nights", "fte_hour": "1600 fte_hour",
}  # fmt: skip
"""A sensible value for each kind of input."""

OWN_EXAMPLES: Final = {
    "refrigerant": "1.2 kg", "building_refrigerant": "2 kg", "leak_per_use": "0.0004 kg",
    "fuel": "900 L", "fuel_per_use": "0.2 L", "own_activity": "240 tkm", "total_activity": "640 tkm",
    "own_area": "200 m2", "building_area": "2000 m2", "occupancy": "75 %", "days_per_week": "3",
    "weeks": "46", "hours_per_day": "6", "days_per_year": "40", "years": "5", "trips": "4",
    "persons_per_vehicle": "2", "part_mass": "0.02 t", "product_mass": "1.5 t", "sampled": "5",
    "group_size": "40", "loss_rate": "7 %", "electricity_per_use": "1.3 kWh", "forcing_uplift": "0.7",
    "landfill_share": "50 %", "incineration_share": "30 %", "recycling_share": "15 %",
    "composting_share": "5 %", "certificate_share": "30 %", "contract_share": "20 %",
    "supplier_rate_share": "10 %", "total_equity": "600000 USD", "total_debt": "400000 USD",
    "project_cost": "1000000 USD", "value": "2000000 USD", "fuel_per_km": "0.35 L", "gas_per_unit": "0.4 kg",
}  # fmt: skip
"""Values where an input wants another than its kind's."""

SAID_AGAIN: Final = {
    "quantity": "landfill_share",
    "reported": "scope_1",
    "scope_1": "fuel",
    "scope_2": "electricity",
}
"""Inputs that an example leaves blank where the method has the other one too: both would count twice."""

QUANTITIES: Final = {
    Category.FUEL_AND_ENERGY_RELATED_ACTIVITIES: "900 L", Category.BUSINESS_TRAVEL: "500 pkm",
    Category.UPSTREAM_TRANSPORTATION_AND_DISTRIBUTION: "2000 tkm", Category.EMPLOYEE_COMMUTING: "500 pkm",
    Category.DOWNSTREAM_TRANSPORTATION_AND_DISTRIBUTION: "2000 tkm",
    Category.UPSTREAM_LEASED_ASSETS: "15000 kWh", Category.DOWNSTREAM_LEASED_ASSETS: "15000 kWh",
    Category.FRANCHISES: "15000 kWh", Category.PROCESSING_OF_SOLD_PRODUCTS: "15000 kWh",
    Category.USE_OF_SOLD_PRODUCTS: "900 L", Category.INVESTMENTS: "15000 kWh",
}  # fmt: skip
"""What `quantity` is in a category, where it is no mass."""

UPSTREAM_POWER: Final = "desnz2025:15_917_4000_5_1"
UPSTREAM_FUEL: Final = "desnz2025:11_101_1011_8_1"
FUEL: Final = "desnz2025:1_101_1011_8_1"
LANDFILL: Final = "desnz2025:20_507_5313_15_1"
LEAK: Final = "desnz2025:3_201_2156_3_1"
PLASTICS: Final = "desnz2025:19_505_5120_15_1"

BY_PART: Final = {
    "waste": LANDFILL, "treatment": LANDFILL, "landfill": LANDFILL,
    "incineration": "desnz2025:20_507_5311_15_1", "recycling": "desnz2025:20_505_5380_15_1",
    "composting": "desnz2025:20_507_5305_15_1", "refrigerant": LEAK, "gas": LEAK,
    "flight": "desnz2025:21_316_3171_11_1", "radiative forcing": "desnz2025:21_316_3171_11_1#CO2",
    "upstream": UPSTREAM_POWER, "upstream of losses": UPSTREAM_POWER, "heat": "desnz2025:10_401_4003_5_1",
    "life cycle": "", "combustion": FUEL,
}  # fmt: skip
"""A factor of a pack that ships for a part, and else by the unit of its amount."""

FACTORS: Final = {
    "kWh": "grid:GB", "pkm": "desnz2025:25_315_3147_11_1", "km": "desnz2025:25_301_3054_4_1",
    "tkm": "desnz2025:27_304_3140_14_1", "fte_hour": "desnz2025:32_603_9999_12_1", "kg": PLASTICS,
    "t": PLASTICS, "L": FUEL, "room_night": "desnz2025:29_600_4000_13_1",
}  # fmt: skip

MONEY_FACTORS: Final = {
    Category.FUEL_AND_ENERGY_RELATED_ACTIVITIES: "naics2017:324110",
    Category.UPSTREAM_TRANSPORTATION_AND_DISTRIBUTION: "naics2017:484121",
    Category.DOWNSTREAM_TRANSPORTATION_AND_DISTRIBUTION: "naics2017:484121",
    Category.WASTE_GENERATED_IN_OPERATIONS: "naics2017:562111", Category.BUSINESS_TRAVEL: "naics2017:481111",
    Category.EMPLOYEE_COMMUTING: "naics2017:485999", Category.UPSTREAM_LEASED_ASSETS: "naics2017:531120",
}  # fmt: skip
"""What is bought for the money in a category: petrol, trucking, waste collection, flights, transit, rent."""

MONEY_FACTOR: Final = "naics2017:541511"
"""What is bought in the other categories: programming."""

CHECKED_ROWS: Final = 10_000
"""Rows of a workbook in which a category and a method are chosen from lists."""


def template_csv(category: Category, method: str = "") -> str:
    """Return a template as CSV: a header, and a worked row for each method of the category."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns(category, method), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({n: inert(cell) for n, cell in row.items()} for row in rows(category, method))
    return text.getvalue()


def template_xlsx(category: Category, method: str = "", *, units: UnitTable) -> bytes:
    """Return the same as a workbook: notes on the columns; sheets of methods, inputs and units."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False}) as book:
        bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        names = columns(category, method)
        sheet = book.add_worksheet(ACTIVITY_SHEET)
        for place, name in enumerate(names):
            sheet.write_string(0, place, name, bold)
            sheet.write_comment(0, place, meaning(name))
        for line, row in enumerate(rows(category, method), 1):
            for place, name in enumerate(names):
                sheet.write_string(line, place, row.get(name, ""))
        sheet.freeze_panes(1, 0)
        sheet.autofit()
        allowed = [row.method.value for row in _methods(category, method)]
        for name, choice in (("category", list(range(1, 16))), ("method", allowed)):
            place = names.index(name)
            sheet.data_validation(1, place, CHECKED_ROWS, place, {"validate": "list", "source": choice})
        _fill(book.add_worksheet("Methods"), _method_table(category, method), (bold, wrapped))
        _fill(book.add_worksheet("Inputs"), _input_table(names), (bold, wrapped))
        _fill(book.add_worksheet("Units"), _unit_table(units), (bold, wrapped))
    return content.getvalue()


def columns(category: Category, method: str = "") -> tuple[str, ...]:
    """Return the columns of a template, in order."""
    listed = _methods(category, method)
    inputs = dict.fromkeys(name for row in listed for name in row.inputs)
    parts = dict.fromkeys(part for row in listed for part in _named_factors(row))
    others = (name for name in inputs if name not in AMOUNT)
    return (*HEAD, *others, *AMOUNT, *(f"factor {part}" for part in parts), *TAIL)


def rows(category: Category, method: str = "") -> list[dict[str, str]]:
    """Return a worked row for each method of the category, or for the one that is asked for."""
    return [_row(category, row, number) for number, row in enumerate(_methods(category, method), 1)]


def meaning(column: str) -> str:
    """Return what a column is, for a note beside it."""
    if column.startswith("factor "):
        return f"the factor of the part `{column.removeprefix('factor ')}`, where it is not the activity's"
    if column in MEANINGS:
        return MEANINGS[column]
    return f"{INPUTS[column].meaning}; given in {INPUTS[column].kind}"


def _methods(category: Category, method: str) -> list[MethodRow]:
    return [row for row in methods_of(category) if method in ("", row.method)]


def _row(category: Category, row: MethodRow, number: int) -> dict[str, str]:
    found = {"id": str(number), "category": str(category.value), "method": row.method.value}
    found |= {name: _example(name, category) for name in _shown(row)}
    there = [part for part in row.parts if part.amount.lead in found]
    factors = {part.name: factor for part in there if (factor := _factor(part, category))}
    found["activity"] = next(iter(factors.values()), "")
    named = _named_factors(row)
    found |= {f"factor {part}": factor for part, factor in factors.items() if part in named}
    return found | {"date": "2024-06-30", "region": "GB", "description": f"an example of {row.method}"}


def _shown(row: MethodRow) -> list[str]:
    """Return the inputs of an example: those without a default, and nothing that others say already."""
    again = {name for name, other in SAID_AGAIN.items() if other in row.inputs}
    return [name for name in row.inputs if name not in row.defaults and name not in again]


def _example(name: str, category: Category) -> str:
    if name == "quantity" and category in QUANTITIES:
        return QUANTITIES[category]
    return OWN_EXAMPLES.get(name) or EXAMPLES[INPUTS[name].kind]


def _named_factors(row: MethodRow) -> list[str]:
    """Return the parts whose factors are named one by one: where a method has several."""
    parts = [part for part in row.parts if not part.reported]
    names = [name for part in parts for name in (part.name, part.less) if name]
    return names if len(names) > 1 else []


def _factor(part: Part, category: Category) -> str:
    if part.reported:
        return ""
    lead = part.amount.lead
    unit = part.unit or _example(lead, category).split()[-1]
    if INPUTS[lead].kind == Kind.MONEY:
        return MONEY_FACTORS.get(category, MONEY_FACTOR)
    if unit == "L" and category is Category.FUEL_AND_ENERGY_RELATED_ACTIVITIES and not part.less:
        return UPSTREAM_FUEL
    return BY_PART[part.name] if part.name in BY_PART else FACTORS.get(unit, "")


def _method_table(category: Category, method: str) -> list[tuple[str, ...]]:
    table: list[tuple[str, ...]] = [("method", "part", "amount", "boundary", "source")]
    for row in _methods(category, method):
        for part in row.parts:
            words = part.amount.words({name: name for name in part.amount.names})
            table.append((row.method.value, part.name, words, row.boundary, row.source))
    return table


def _input_table(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [("column", "what it is"), *((name, meaning(name)) for name in names)]


def _unit_table(units: UnitTable) -> list[tuple[str, ...]]:
    """Return every unit with its dimension and its other names; currencies are told in one row."""
    names: dict[tuple[str, str], list[str]] = {}
    for name, unit in units.units.items():
        if unit.dimension != MONEY:
            names.setdefault((unit.symbol, unit.dimension), []).append(name)
    table: list[tuple[str, ...]] = [("unit", "dimension", "may be written as")]
    table += [(*unit, ", ".join(n for n in others if n != unit[0])) for unit, others in names.items()]
    return [*table, ("a currency such as EUR", MONEY, "ISO 4217")]


def _fill(sheet: Any, table: list[tuple[str, ...]], formats: tuple[Any, Any]) -> None:
    bold, wrapped = formats
    for line, cells in enumerate(table):
        for place, text in enumerate(cells):
            sheet.write_string(line, place, text, bold if line == 0 else wrapped)
    sheet.set_column(0, len(table[0]) - 1, 34)
    sheet.freeze_panes(1, 0)
