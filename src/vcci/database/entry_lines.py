"""Lines on their way into the open run and out of it, with the sums that are kept of them.

Each step leaves the books balanced: rows are lines and unlined rows, and the sums of the run and by month are
those of the lines. The run is held meanwhile.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final, LiteralString
from uuid import UUID

import asyncpg

from vcci.database.connections import Connection
from vcci.database.ids import new_ids
from vcci.database.open_run import OpenRun, take
from vcci.database.run_rows import MULTIPLIER_COLUMNS
from vcci.database.run_save import ADD_KEYS, ADD_MULTIPLIERS, as_text
from vcci.database.supplier_rollups import count_in, count_out
from vcci.domain.category import STATED_APART
from vcci.domain.quality import INDICATORS
from vcci.engine.columnar import GASES
from vcci.errors import InputError
from vcci.services.entries import BookedLine

ADD_ACTIVITY: Final[LiteralString] = """
    INSERT INTO vcci.activities (tenant_id, import_id, id, row_number, source, line, supplier_id, account,
        account_code, description, capital, transaction_date, quantity, unit, region, problem,
        problem_column, problem_value, notices, asked_method, part, formula)
    VALUES ($1, $2, $3, $4, $5, $6, $7, '', '', $8, false, $9, $10, $11, $12, '', '', '', $13, $14, $15, $16)
"""

ADD_LINE: Final[LiteralString] = """
    INSERT INTO vcci.emissions (tenant_id, run_id, id, row_number, supplier_id, scope3_category,
        transaction_date, multiplier_key, amount, co2e_mg, notices, co2_mg, ch4_mg_co2e, n2o_mg_co2e,
        biogenic_co2_mg)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""

ADD_TO_SUMS: Final[LiteralString] = """
    INSERT INTO vcci.emission_rollups AS sums
        (tenant_id, run_id, scope3_category, supplier_id, month, lines, co2e_mg)
    VALUES ($1, $2, $3, $4, $5, $6, $7::numeric::bigint)
    ON CONFLICT (tenant_id, run_id, scope3_category, supplier_id, month)
    DO UPDATE SET lines = sums.lines + excluded.lines, co2e_mg = sums.co2e_mg + excluded.co2e_mg
"""

ADD_TO_MONTHS: Final[LiteralString] = """
    INSERT INTO vcci.month_rollups AS sums (tenant_id, run_id, scope3_category, month, lines, co2e_mg)
    SELECT $1, $2, category, month, sum(lines), sum(mg)::bigint
    FROM unnest($3::smallint[], $4::date[], $5::bigint[], $6::numeric[]) t (category, month, lines, mg)
    GROUP BY 3, 4
    ON CONFLICT (tenant_id, run_id, scope3_category, month)
    DO UPDATE SET lines = sums.lines + excluded.lines, co2e_mg = sums.co2e_mg + excluded.co2e_mg
"""

REMOVE_KEYS: Final[LiteralString] = """
    DELETE FROM vcci.key_rollups WHERE tenant_id = $1 AND run_id = $2 AND multiplier_key = ANY ($3)
"""
"""In the open run each line has a multiplier of its own."""

FORGET_EMPTY: Final[LiteralString] = """
    WITH months AS (DELETE FROM vcci.month_rollups WHERE tenant_id = $1 AND run_id = $2 AND lines = 0)
    DELETE FROM vcci.emission_rollups WHERE tenant_id = $1 AND run_id = $2 AND lines = 0
"""

ADD_TO_RUN: Final[LiteralString] = """
    UPDATE vcci.runs SET rows = rows + $3, lines = lines + $3,
        total_mg_co2e = total_mg_co2e + $4::numeric::bigint
    WHERE tenant_id = $1 AND id = $2
"""

REMOVE_LINES: Final[LiteralString] = """
    DELETE FROM vcci.emissions WHERE tenant_id = $1 AND run_id = $2 AND id = ANY ($3)
    RETURNING scope3_category, supplier_id, transaction_date, co2e_mg, multiplier_key
"""

REMOVE_ACTIVITIES: Final[LiteralString] = """
    DELETE FROM vcci.activities
    WHERE tenant_id = $1 AND import_id = $2 AND row_number >= $3 AND row_number < $4
"""

Sum = tuple[int, UUID | None, date | None]
"""What sums are kept by: category, supplier and month."""


@dataclass(frozen=True, slots=True)
class Booked:
    """Lines on their way into the books, with their ids, from `first_row` on."""

    entry_id: UUID
    first_row: int
    ids: Sequence[UUID]
    lines: Sequence[BookedLine]
    day: date | None
    supplier_id: UUID | None
    caller_id: str = ""

    @property
    def month(self) -> date | None:
        """The first day of the month of its date."""
        return self.day and self.day.replace(day=1)


@dataclass(slots=True)
class Change:
    """How the sums of a run change: lines and mg CO2e, by what sums are kept by."""

    lines: Counter[Sum] = field(default_factory=Counter)
    mg_co2e: Counter[Sum] = field(default_factory=Counter)

    def add(self, key: Sum, *, lines: int, mg_co2e: int) -> None:
        """Add lines, or take some away."""
        self.lines[key] += lines
        self.mg_co2e[key] += mg_co2e

    @property
    def total_mg_co2e(self) -> int:
        """The change of the run's total, which what is stated apart has no part in."""
        return sum(mg for (category, *_), mg in self.mg_co2e.items() if category != STATED_APART)


async def add_lines(tx: Connection, run: OpenRun, booked: Booked) -> None:
    """Add lines to the open run, with their rows and multipliers; role loader."""
    keys = range(run.next_key, run.next_key + len(booked.lines))
    await tx.execute(ADD_MULTIPLIERS, run.tenant_id, run.run_id, *_multipliers(booked.lines, keys))
    await tx.executemany(ADD_ACTIVITY, list(_activities(run, booked)))
    await tx.executemany(ADD_LINE, list(_lines(run, booked, keys)))
    change = Change()
    for one in booked.lines:
        key = (one.category, booked.supplier_id, booked.month)
        change.add(key, lines=1, mg_co2e=one.line.emissions_mg_co2e)
    await _keep_sums(tx, run, change)
    with _refused_if_too_large():
        await count_in(tx, run.tenant_id, run.run_id, ids=booked.ids)
    await tx.execute(ADD_KEYS, run.tenant_id, run.run_id, *_key_sums(booked, keys))
    end = booked.first_row + len(booked.lines)
    await take(tx, run, rows=max(0, end - run.next_row), keys=len(keys))


async def remove_lines(tx: Connection, run: OpenRun, ids: Sequence[UUID], *, rows: range) -> None:
    """Take lines out of the open run, with their rows; their multipliers stay, named by nothing."""
    change = Change()
    await count_out(tx, run.tenant_id, run.run_id, ids=ids)
    removed = await tx.fetch(REMOVE_LINES, run.tenant_id, run.run_id, ids)
    for category, supplier_id, day, mg_co2e, _ in removed:
        month = day and day.replace(day=1)
        change.add((category, supplier_id, month), lines=-1, mg_co2e=-mg_co2e)
    await tx.execute(REMOVE_ACTIVITIES, run.tenant_id, run.import_id, rows.start, rows.stop)
    await _keep_sums(tx, run, change)
    await tx.execute(REMOVE_KEYS, run.tenant_id, run.run_id, [one["multiplier_key"] for one in removed])


async def _keep_sums(tx: Connection, run: OpenRun, change: Change) -> None:
    of_run, count = (run.tenant_id, run.run_id), change.lines.total()
    sums = [
        (*of_run, *key, lines, Decimal(change.mg_co2e[key]))
        for key, lines in sorted(change.lines.items(), key=repr)
    ]
    with _refused_if_too_large():
        await tx.executemany(ADD_TO_SUMS, sums)
        if sums:
            categories, _, months, lines, mg = zip(*(one[2:] for one in sums), strict=True)
            await tx.execute(ADD_TO_MONTHS, *of_run, categories, months, lines, mg)
        await tx.execute(ADD_TO_RUN, *of_run, count, Decimal(change.total_mg_co2e))
    await tx.execute(FORGET_EMPTY, *of_run)
    await tx.execute(
        "UPDATE vcci.imports SET rows = rows + $3 WHERE tenant_id = $1 AND id = $2",
        *(run.tenant_id, run.import_id, count),
    )


@contextmanager
def _refused_if_too_large() -> Iterator[None]:
    try:
        yield
    except asyncpg.NumericValueOutOfRangeError:
        raise InputError(
            "The sum of the single activities is beyond what can be counted, 9.2 Gt CO2e.",
            remedy="Check the amounts and units that were given.",
            code="open_run_too_large",
        ) from None


def _multipliers(lines: Sequence[BookedLine], keys: range) -> list[list[Any]]:
    """Return the columns of MULTIPLIER_COLUMNS."""
    rows = [_multiplier(one, key) for one, key in zip(lines, keys, strict=True)]
    return [[row[name] for row in rows] for name in MULTIPLIER_COLUMNS]


def _key_sums(booked: Booked, keys: range) -> list[list[Any]]:
    """Return the columns of ADD_KEYS, of a line each."""
    lines = booked.lines
    years = [booked.day and booked.day.year] * len(lines)
    spent = [one.spend_hundredths for one in lines]
    mg = [one.line.emissions_mg_co2e for one in lines]
    return [
        [one.category for one in lines],
        list(keys),
        years,
        [1] * len(lines),
        mg,
        spent,
        list(map(abs, spent)),
    ]


def _multiplier(one: BookedLine, key: int) -> dict[str, Any]:
    found, gases = one.multiplier, one.multiplier.gases_mg_co2e
    return {
        "key": key,
        "scope3_category": one.category,
        "activity": as_text(one.key.activity),
        "region": one.key.region,
        "unit": one.key.unit,
        "year": one.key.year,
        "mg_co2e_per_unit": found.mg_co2e_per_unit,
        "factor_currency": found.factor_currency,
        "factor_id": found.factor_id,
        "factor_name": found.factor_name,
        "factor_value": found.factor_value,
        "factor_unit": found.factor_unit,
        "pack": found.pack,
        "method": found.method,
        "notices": ";".join(found.notices),
        "steps": "\n".join(found.steps),
        "asked_method": one.key.method,
        "gwp_set": found.gwp_set,
        "factor_region": found.factor_region,
        "factor_year": found.factor_year,
        **dict(
            zip(
                GASES,
                (*(gases.get(gas) for gas in ("CO2", "CH4", "N2O")), found.biogenic_mg_co2),
                strict=True,
            )
        ),
        **{f"dq_{name}": getattr(found.quality, name) for name in INDICATORS},
        "ln_sigma": found.ln_sigma,
    }


def _activities(run: OpenRun, booked: Booked) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of vcci.activities: one for each line, as an activity of its own."""
    rows = enumerate(zip(new_ids(len(booked.lines)), booked.lines, strict=True))
    for place, (row_id, one) in rows:
        yield (
            *(run.tenant_id, run.import_id, row_id, booked.first_row + place),
            *(f"entry {booked.entry_id}", place + 1, booked.supplier_id, booked.caller_id, booked.day),
            *(Decimal(one.part.quantity), one.part.unit, one.key.region),
            *(";".join(one.part.notices), one.key.method, one.part.name, one.part.formula),
        )


def _lines(run: OpenRun, booked: Booked, keys: range) -> Iterator[tuple[Any, ...]]:
    for place, (line_id, one, key) in enumerate(zip(booked.ids, booked.lines, keys, strict=True)):
        line, gases = one.line, one.line.gases_mg_co2e
        yield (
            *(run.tenant_id, run.run_id, line_id, booked.first_row + place, booked.supplier_id),
            *(one.category, booked.day, key, line.amount, line.emissions_mg_co2e),
            ";".join(one.own_notices),
            *(gases.get("CO2"), gases.get("CH4"), gases.get("N2O"), line.biogenic_mg_co2),
        )
