"""The jobs that `batch.py` compares: `python -m benchmarks.batch_jobs JOB LEDGER OUT ROWS SUMS`.

full        processing/local.py: validate, resolve, look up, multiply; lines, rejects, aggregates as Parquet
narrow      the same with five columns of lines, from which all others follow
definition  the same by engine/columnar.py as it is written, through Polars
asyncio     the predecessor's shape: a coroutine for each record, gathered in batches of 1,000; the same
            rows, lines, rejects and sums, with multipliers and rates cached
plain_loop  the same with one call of the scalar calculator a record
limit_...   read the columns, multiply once, write lines and sums: what no engine can do without
"""

import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from itertools import islice
from pathlib import Path

import polars as pl
from benchmarks.ledger_generator import OWN_FACTORS

from vcci.domain.activity import ActivityData
from vcci.domain.line import MAX_LINE_MG_CO2E, amount_in_factor_unit, quantised_mg
from vcci.domain.selection import FactorKey, Multiplier, Rate, Unresolved
from vcci.engine.calculate import Calculator, year_of
from vcci.engine.columnar import LINE_COLUMNS, NARROW_COLUMNS
from vcci.engine.numbers import plain_decimal
from vcci.engine.tables import resolved_tables
from vcci.packs import PackLibrary, default_names
from vcci.parameters import load
from vcci.processing import local
from vcci.services.factors import FactorBroker, Parameters

GATHERED = 1_000
"""Records that the predecessor's loop awaits together."""

RECORD_COLUMNS = (
    "row", "supplier", "category", "activity", "region", "unit", "date", "quantity", "notices", "problem",
    "exclusion",
)  # fmt: skip
"""What a record is made of."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a job is given: the ledger, a folder for its results, how many rows to take.

    `sums` by supplier and key are what a run has; the limit writes as many.
    """

    ledger: Path
    out: Path
    rows: int
    sums: int = 0


@dataclass(slots=True)
class Record:
    """One row as the loops take it; not frozen, which would cost them time."""

    row: int
    supplier: str
    notices: str
    refusal: str
    activity: ActivityData


@dataclass(slots=True)
class Line:
    """What the loops keep of a row with a line."""

    row: int
    supplier: str
    category: int
    date: str
    factor_id: str
    amount: float
    co2e_mg: int
    spend_hundredths: int
    notices: str


@dataclass(slots=True)
class Unlined:
    """A row without a line, and why."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job says of itself: its exact total, and how many sums by supplier and key it has."""

    total_mg: int
    sums: int = 0


def full(task: Task) -> Outcome:
    """Run the product's own job: all columns of lines."""
    return _run(task, LINE_COLUMNS)


def narrow(task: Task) -> Outcome:
    """Run it with what is enough of a line."""
    return _run(task, NARROW_COLUMNS)


def _run(task: Task, columns: Sequence[str]) -> Outcome:
    calculator = _calculator()
    run = local.run(
        task.ledger,
        resolve=lambda keys, dates: resolved_tables(keys, dates, calculator),
        out=task.out,
        columns=columns,
    )
    sums = run.aggregates["by_supplier_key"].select(pl.len()).collect().item()
    return Outcome(run.total_mg_co2e, sums)


def asyncio_loop(task: Task) -> Outcome:
    """Run one coroutine for each record."""
    import asyncio  # the other jobs have no need of it

    books = Books()
    asyncio.run(RecordLoop(_calculator()).run(_records(task), books))
    return books.close(task)


def plain_loop(task: Task) -> Outcome:
    """Call the scalar calculator for each record."""
    calculator, books = _calculator(), Books()
    for record in _records(task):
        answer = Unresolved(record.refusal) if record.refusal else calculator.calculate(record.activity)
        if isinstance(answer, Unresolved):
            books.enter(Unlined(record.row, answer.reason))
        else:
            books.enter(_line(record, answer.factor_id, (answer.amount, answer.emissions_mg_co2e)))
    return books.close(task)


def definition(task: Task) -> Outcome:
    """Run the columnar definition as it is written, through Polars: what the fused way must beat."""
    from benchmarks.batch_definition import run

    calculator = _calculator()
    return Outcome(run(task.ledger, lambda keys, dates: resolved_tables(keys, dates, calculator), task.out))


def limit_wide(task: Task) -> Outcome:
    """Read, multiply once and write all columns of lines."""
    from benchmarks.batch_limits import limit

    return Outcome(limit(task.ledger, task.out, narrow=False, sums=task.sums))


def limit_narrow(task: Task) -> Outcome:
    """Read, multiply once and write what is enough of a line."""
    from benchmarks.batch_limits import limit

    return Outcome(limit(task.ledger, task.out, narrow=True, sums=task.sums))


@dataclass(frozen=True, slots=True)
class Books:
    """What the loops leave, as the columnar job does: lines, rows without, and two aggregates."""

    lines: list[Line] = field(default_factory=list)
    unlined: list[Unlined] = field(default_factory=list)
    by_supplier: Counter[tuple[str, int]] = field(default_factory=Counter)
    by_factor_month: Counter[tuple[int, str, str]] = field(default_factory=Counter)

    def enter(self, answer: Line | Unlined) -> None:
        """Keep what became of a record."""
        if isinstance(answer, Unlined):
            self.unlined.append(answer)
            return
        self.lines.append(answer)
        self.by_supplier[answer.supplier, answer.category] += answer.co2e_mg
        self.by_factor_month[answer.category, answer.factor_id, answer.date[:7]] += answer.co2e_mg

    def close(self, task: Task) -> Outcome:
        """Write everything as Parquet."""
        task.out.mkdir()
        frames = {
            "lines": _frame(Line, self.lines),
            "unlined": _frame(Unlined, self.unlined),
            "by_supplier": pl.DataFrame([(*key, mg) for key, mg in self.by_supplier.items()], orient="row"),
            "by_factor_month": pl.DataFrame(
                [(*key, mg) for key, mg in self.by_factor_month.items()], orient="row"
            ),
        }
        for name, frame in frames.items():
            frame.write_parquet(task.out / f"{name}.parquet", compression="zstd", compression_level=1)
        return Outcome(sum(line.co2e_mg for line in self.lines))


@dataclass(frozen=True, slots=True)
class RecordLoop:
    """A record at a time, as services awaited it before: correct, cached in memory, and slow."""

    calculator: Calculator
    multipliers: dict[FactorKey, Multiplier | Unresolved] = field(default_factory=dict)
    rates: dict[tuple[str, str, str], Rate | Unresolved] = field(default_factory=dict)

    async def run(self, records: Iterator[Record], books: Books) -> None:
        """Enter what became of every record."""
        import asyncio

        while batch := list(islice(records, GATHERED)):
            for answer in await asyncio.gather(*(self._process(record) for record in batch)):
                books.enter(answer)

    async def _process(self, record: Record) -> Line | Unlined:
        activity = record.activity
        quantity = plain_decimal(activity.quantity)
        if record.refusal or quantity is None:
            return Unlined(record.row, record.refusal or "quantity_not_a_number")
        multiplier = await self._multiplier(activity)
        if isinstance(multiplier, Unresolved):
            return Unlined(record.row, multiplier.reason)
        rate = await self._rate(activity, multiplier.factor_currency)
        if isinstance(rate, Unresolved):
            return Unlined(record.row, rate.reason)
        if quantity < 0 and not self.calculator.resolver.units.is_money(activity.unit):
            return Unlined(record.row, "quantity_negative")
        amount = amount_in_factor_unit(quantity=quantity, rate=rate.value)
        if abs(amount * multiplier.mg_co2e_per_unit) >= MAX_LINE_MG_CO2E:
            return Unlined(record.row, "quantity_too_large")
        mg = quantised_mg(amount, multiplier.mg_co2e_per_unit)
        return _line(record, multiplier.factor_id, (amount, mg))

    async def _multiplier(self, activity: ActivityData) -> Multiplier | Unresolved:
        year = year_of(activity.date)
        key = FactorKey(activity.category, activity.activity, activity.region, activity.unit, year)
        if key not in self.multipliers:
            self.multipliers[key] = self.calculator.resolver.resolve(key)
        return self.multipliers[key]

    async def _rate(self, activity: ActivityData, to: str) -> Rate | Unresolved:
        question = (activity.unit, activity.date, to)
        if question not in self.rates:
            self.rates[question] = self.calculator.exchange.rate(activity.unit, activity.date, to=to)
        return self.rates[question]


def shipped_packs() -> FactorBroker:
    """Return the broker over the packs that ship."""
    return FactorBroker(PackLibrary(), Parameters(packs=tuple(default_names())))


def _calculator() -> Calculator:
    broker = shipped_packs()
    return broker.calculator(load.units(broker.currencies()), OWN_FACTORS)


def _records(task: Task) -> Iterator[Record]:
    wanted = pl.scan_parquet(task.ledger).head(task.rows).select(RECORD_COLUMNS)
    for chunk in wanted.collect_batches(chunk_size=local.CHUNK_ROWS, maintain_order=True):
        for (
            row,
            supplier,
            category,
            activity,
            region,
            unit,
            day,
            quantity,
            notices,
            *why,
        ) in chunk.iter_rows():
            of_row = ActivityData(activity, quantity, unit, date=day, region=region, category=category)
            yield Record(row, supplier, notices, why[0] or why[1], of_row)


def _line(record: Record, factor_id: str, product: tuple[float, int]) -> Line:
    activity, hundredths = record.activity, math.floor(float(record.activity.quantity) * 100 + 0.5)
    names = (record.row, record.supplier, activity.category, activity.date, factor_id)
    return Line(*names, *product, hundredths, record.notices)


def _frame(kind: type[Line] | type[Unlined], rows: Sequence[Line | Unlined]) -> pl.DataFrame:
    return pl.DataFrame({f.name: [getattr(row, f.name) for row in rows] for f in fields(kind)})


JOBS: dict[str, Callable[[Task], Outcome]] = {
    "full": full,
    "narrow": narrow,
    "definition": definition,
    "asyncio": asyncio_loop,
    "plain_loop": plain_loop,
    "limit_wide": limit_wide,
    "limit_narrow": limit_narrow,
}
CHECKED = ("full", "narrow", "definition", "asyncio", "plain_loop")
"""Jobs that must come to the same milligrams."""

if __name__ == "__main__":
    name, ledger, out, rows, sums = sys.argv[1:]
    print(json.dumps(asdict(JOBS[name](Task(Path(ledger), Path(out), int(rows), int(sums))))))
