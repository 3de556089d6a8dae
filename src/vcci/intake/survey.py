"""What is found out of the raw tables before a row is read: columns, decimal mark, order of dates.

Each file is looked at on its own. What all agree on completes the mapping; the rest is asked in one go.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import polars as pl

from vcci.domain.mapping import TARGETS, DateOrder, DecimalMark, Mapping
from vcci.intake.columns import Column, Fit, fit_columns
from vcci.intake.dates import ALL_ORDERS, OrderDecision, decide_order, reading_of
from vcci.intake.front import RawTable
from vcci.intake.numbers import DIGITS, decide_mark, read_amount
from vcci.intake.questions import Example, Question, ask
from vcci.intake.totals import Amounts, subtotal_lines

TYPED_KINDS = frozenset(("xlsx", "xlsb", "xls", "ods", "parquet"))
"""Kinds of file in which numbers are numbers: written out, their mark is a point."""

SHOWN_AMOUNTS: Final = 3
"""Amounts that a question for their currency shows."""


@dataclass(frozen=True, slots=True)
class FileReading:
    """How one file is read; `unit` is the header's, `subtotals` are lines of proven totals."""

    table: RawTable
    columns: dict[str, Column]
    unit: str
    mark: DecimalMark | None
    dates: OrderDecision
    subtotals: tuple[int, ...]

    @property
    def rows(self) -> int:
        """Return the number of rows, totals among them."""
        return self.table.rows

    def header(self, target: str) -> str:
        """Return the file's own header of a target's column, empty if it has none."""
        return self.table.header[self.columns[target].index] if target in self.columns else ""


@dataclass(frozen=True, slots=True)
class Survey:
    """How each file is read, the mapping in force, and what only a person may settle."""

    readings: list[FileReading]
    mapping: Mapping
    questions: tuple[Question, ...]


def survey(tables: Sequence[RawTable], mapping: Mapping) -> tuple[list[FileReading], Mapping]:
    """Return how each file is read and the mapping in force; raise one `QuestionError` for what is open.

    Raises `MappingError` for a file without a quantity.
    """
    found = looked_over(tables, mapping)
    ask(found.questions)
    return found.readings, found.mapping


def looked_over(tables: Sequence[RawTable], mapping: Mapping) -> Survey:
    """Return what is found out of raw tables; raises `MappingError` for a file without a quantity.

    The files are read by the mapping in force, so that to save and load it changes nothing.
    """
    guessed = [_fit(table, mapping) for table in tables]
    in_force = replace(mapping, columns=_completed(mapping.columns, guessed))
    readings: list[FileReading] = []
    questions: list[Question] = []
    for table, guess in zip(tables, guessed, strict=True):
        fit = guess if guess.questions else _fit(table, in_force)
        reading, open_here = _read(table, fit, mapping=in_force)
        readings.append(_with_points(reading, guess))
        questions += [*fit.questions, *open_here]
    conventions = replace(
        in_force.conventions,
        decimal=in_force.conventions.decimal or _common_mark(readings),
        date_order=in_force.conventions.date_order or _common_order(readings),
    )
    return Survey(readings, replace(in_force, conventions=conventions), tuple(questions))


def column_texts(table: RawTable, index: int) -> pl.LazyFrame:
    """Return the distinct texts of a column (`text`) that are not blank, of the rows that are not ragged."""
    whole = pl.scan_parquet(table.path).filter(pl.col("cells") == len(table.header))
    texts = whole.select(text=pl.col(f"c{index}")).unique()
    return texts.filter(pl.col("text").str.strip_chars() != "")


def _fit(table: RawTable, mapping: Mapping) -> Fit:
    return fit_columns(table.header, mapping.columns, texts=partial(_texts, table), file=table.name)


def _texts(table: RawTable, index: int) -> frozenset[str]:
    return frozenset(column_texts(table, index).collect()["text"])


def _completed(given: dict[str, tuple[str, ...]], fits: Sequence[Fit]) -> dict[str, tuple[str, ...]]:
    """Return the given columns and the guessed ones, the surest name first."""
    columns: dict[str, tuple[str, ...]] = {}
    for target in TARGETS:
        found = {fit.columns[target] for fit in fits if target in fit.columns}
        surest = sorted(found, key=lambda column: (-column.points, column.name))
        names = given.get(target) or tuple(dict.fromkeys(column.name for column in surest))
        if names or target in given:
            columns[target] = names
    return columns


def _with_points(reading: FileReading, guessed: Fit) -> FileReading:
    points = {target: column.points for target, column in guessed.columns.items()}
    columns = {t: replace(column, points=points.get(t, 0)) for t, column in reading.columns.items()}
    return replace(reading, columns=columns)


def _read(table: RawTable, fit: Fit, *, mapping: Mapping) -> tuple[FileReading, list[Question]]:
    amounts = _amounts(table, fit)
    mark, about_mark = _mark(table, fit, amounts=amounts, given=mapping.conventions.decimal)
    dates, about_dates = _dates(table, fit.columns.get("date"), given=mapping.conventions.date_order)
    totals = _subtotals(table, fit, mark or DecimalMark.POINT)
    about_unit = [] if mapping.currency else _about_unit(table, fit, amounts=amounts, mark=mark)
    reading = FileReading(_noted(table, totals), fit.columns, fit.unit, mark, dates, totals)
    return reading, [*about_mark, *about_dates, *about_unit]


def _subtotals(table: RawTable, fit: Fit, mark: DecimalMark) -> tuple[int, ...]:
    places = {target: column.index for target, column in fit.columns.items()}
    if "quantity" not in places:
        return ()
    quantity, unit = places.pop("quantity"), places.pop("unit", None)
    return subtotal_lines(table, Amounts(quantity, () if unit is None else (unit,), [*places.values()], mark))


def _noted(table: RawTable, totals: Sequence[int]) -> RawTable:
    return replace(table, found=table.found | {"subtotals": str(len(totals))}) if totals else table


def _amounts(table: RawTable, fit: Fit) -> list[str]:
    """Return one amount of each shape: neither the mark nor a currency beside it depends on the digits."""
    column = fit.columns.get("quantity")
    if column is None:
        return []
    shape = pl.col("text").str.replace_all(f"[{DIGITS}]", "9")
    shapes = column_texts(table, column.index).group_by(shape=shape).agg(pl.col("text").min()).collect()
    return shapes["text"].to_list()


def _mark(
    table: RawTable, fit: Fit, *, amounts: Sequence[str], given: DecimalMark | None
) -> tuple[DecimalMark | None, list[Question]]:
    typed = table.kind in TYPED_KINDS or table.found.get("decimal") == DecimalMark.POINT
    decision = decide_mark(amounts, typed=typed, given=given)
    if not decision.examples:
        return decision.mark, []
    header = table.header[fit.columns["quantity"].index]
    return None, [_ask_mark(table.name, header, decision.examples)]


def _about_unit(
    table: RawTable, fit: Fit, *, amounts: Sequence[str], mark: DecimalMark | None
) -> list[Question]:
    """Ask for the currency where neither a column, the header nor any amount says one."""
    read = (read_amount(text, mark or DecimalMark.POINT) for text in amounts)
    said = any(amount and len(amount.currencies) == 1 for amount in read)
    if said or fit.unit or "unit" in fit.columns or not amounts:
        return []
    header = table.header[fit.columns["quantity"].index]
    return [
        Question(
            code="currency_missing",
            what=f'{table.name}, column "{header}": nothing says which currency or unit the amounts are in.',
            remedy="Say it: --currency EUR (in a mapping file: `currency: EUR`), or name the column "
            "that has it (`columns: {unit: [NAME]}`).",
            file=table.name,
            column=header,
            examples=tuple(map(Example, sorted(amounts)[:SHOWN_AMOUNTS])),
        )
    ]


def _dates(
    table: RawTable, column: Column | None, *, given: DateOrder | None
) -> tuple[OrderDecision, list[Question]]:
    texts = column_texts(table, column.index).collect()["text"] if column else ()
    decision = decide_order(texts, given=given)
    if not decision.examples or column is None:
        return decision, []
    return decision, [_ask_order(table.name, table.header[column.index], decision.examples)]


def _common_mark(readings: Sequence[FileReading]) -> DecimalMark | None:
    """Return the mark of all files that show one, None if they differ."""
    marks = {reading.mark for reading in readings if reading.mark}
    return marks.pop() if len(marks) == 1 else None


def _common_order(readings: Sequence[FileReading]) -> DateOrder | None:
    """Return the one order that all files can be in, None if there is none or more than one."""
    orders = ALL_ORDERS.intersection(*(reading.dates.orders for reading in readings))
    return next(iter(orders)) if len(orders) == 1 else None


def _ask_mark(file: str, header: str, examples: Sequence[str]) -> Question:
    return Question(
        code="decimal_ambiguous",
        what=f'{file}, column "{header}": {"; ".join(map(_both_marks, examples))}.',
        remedy="Say which mark the amounts have: --decimal point or --decimal comma (in a mapping file: "
        "`conventions: {decimal: point}`).",
        file=file,
        column=header,
        examples=tuple(Example(text, _by_mark(text)) for text in examples),
    )


def _both_marks(text: str) -> str:
    readings = [f"{reading or 'no number'} with a {mark}" for mark, reading in _by_mark(text).items()]
    return f'"{text}" is {" or ".join(readings)}'


def _by_mark(text: str) -> dict[str, str]:
    """Return the amount that a text is by each mark, empty where it is none."""
    amounts = {mark: read_amount(text, mark) for mark in DecimalMark}
    return {mark.value: amount.text if amount else "" for mark, amount in amounts.items()}


def _ask_order(file: str, header: str, examples: Sequence[str]) -> Question:
    readings = filter(None, map(reading_of, examples))
    options = dict.fromkeys(f"--date-order {order}" for reading in readings for order in reading.by_order)
    return Question(
        code="date_order_ambiguous",
        what=f'{file}, column "{header}": {"; ".join(map(_all_orders, examples))}.',
        remedy=f"Say in which order the dates are: {' or '.join(options)} (in a mapping file: "
        "`conventions: {date_order: day-month-year}`).",
        file=file,
        column=header,
        examples=tuple(Example(text, _by_order(text)) for text in examples),
    )


def _all_orders(text: str) -> str:
    dates = [f"{day} as {order}" for order, day in _by_order(text).items()]
    return f'"{text}" is {" or ".join(dates)}'


def _by_order(text: str) -> dict[str, str]:
    """Return the ISO date that a text is by each order in which it is one."""
    reading = reading_of(text)
    return {order.value: day for order, day in reading.by_order.items()} if reading else {}
