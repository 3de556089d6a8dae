"""The jobs that `batch.py` compares: `python -m benchmarks.batch_jobs JOB LEDGER OUT ROWS`.

full        processing/local.py: validate, resolve, join, multiply; lines, rejects and aggregates as Parquet
asyncio     the predecessor's shape: a coroutine for each record, gathered in batches of 1,000
plain_loop  one call of the scalar calculator a record, multipliers and rates cached
limit       read the columns, multiply once, write the lines: what no engine can do without
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, fields
from itertools import islice
from pathlib import Path

import polars as pl
from benchmarks.ledger_generator import OWN_FACTORS

from vcci.domain.activity import ActivityData
from vcci.domain.line import MAX_LINE_MG_CO2E, EmissionLine, amount_in_factor_unit, quantised_mg
from vcci.domain.quantity import MONEY
from vcci.domain.selection import FactorKey, Multiplier, Rate, Unresolved
from vcci.engine.calculate import Calculator, year_of
from vcci.engine.numbers import plain_decimal
from vcci.engine.tables import resolved_tables
from vcci.packs import PackLibrary, default_names
from vcci.parameters import load
from vcci.processing import local
from vcci.services.factors import FactorBroker, Parameters

GATHERED = 1_000
"""Records that the predecessor's loop awaits together."""

RECORD_COLUMNS = ("row", "supplier", "category", "activity", "region", "unit", "date", "quantity")
LIMIT_COLUMNS = (*RECORD_COLUMNS, "notices", "problem", "exclusion")


@dataclass(frozen=True, slots=True)
class Task:
    """What a job is given: the ledger, a folder for its results, and how many rows to take."""

    ledger: Path
    out: Path
    rows: int


@dataclass(slots=True)
class Record:
    """One row as the loops take it; not frozen, which would cost them time."""

    row: int
    supplier: str
    activity: ActivityData


@dataclass(slots=True)
class Result:
    """What the loops keep of a line: less than the columnar job does."""

    row: int
    supplier: str
    category: int
    factor_id: str
    amount: float
    co2e_mg: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job says of itself: its exact total, and its processor time at half of its sample."""

    total_mg: int
    cpu_s_at_half: float = 0.0


def full(task: Task) -> Outcome:
    """Run the product's own job."""
    calculator = _calculator()
    run = local.run(
        task.ledger, resolve=lambda keys, dates: resolved_tables(keys, dates, calculator), out=task.out
    )
    return Outcome(run.total_mg_co2e)


def asyncio_loop(task: Task) -> Outcome:
    """Run one coroutine for each record."""
    import asyncio  # the other jobs have no need of it

    loop = RecordLoop(_calculator())
    return _in_halves(task, lambda records: asyncio.run(loop.run(records)))


def plain_loop(task: Task) -> Outcome:
    """Call the scalar calculator for each record."""
    calculator = _calculator()

    def work(records: Iterator[Record]) -> list[Result]:
        results = []
        for record in records:
            line = calculator.calculate(record.activity)
            if isinstance(line, EmissionLine):
                results.append(_result(record, line.factor_id, (line.amount, line.emissions_mg_co2e)))
        return results

    return _in_halves(task, work)


def limit(task: Task) -> Outcome:
    """Read, multiply once and write, without asking whether a row is any good."""
    total = 0
    scan = pl.scan_parquet(task.ledger).select(LIMIT_COLUMNS)
    task.out.mkdir()
    for start in range(0, task.rows, local.CHUNK_ROWS):
        chunk = scan.slice(start, local.CHUNK_ROWS).collect(engine="in-memory")
        amount = pl.col("quantity").cast(pl.Float64, strict=False)
        lines = chunk.select(
            *("row", "category", "supplier", "notices"),
            amount=amount,
            co2e_mg=(amount * 1e-3 + 0.5).floor().cast(pl.Int64),
        )
        lines.write_parquet(
            task.out / f"{start}.parquet", compression="zstd", compression_level=1, statistics=False
        )
        total += int(lines["co2e_mg"].sum())
    return Outcome(total)


@dataclass(frozen=True, slots=True)
class RecordLoop:
    """A record at a time, as services awaited it before: correct, cached in memory, and slow."""

    calculator: Calculator
    multipliers: dict[FactorKey, Multiplier | Unresolved] = field(default_factory=dict)
    rates: dict[tuple[str, str, str], Rate | Unresolved] = field(default_factory=dict)

    async def run(self, records: Iterator[Record]) -> list[Result]:
        """Return the result of every record that has a line."""
        import asyncio

        results: list[Result] = []
        while batch := list(islice(records, GATHERED)):
            answers = await asyncio.gather(*(self._process(record) for record in batch))
            results.extend(answer for answer in answers if answer is not None)
        return results

    async def _process(self, record: Record) -> Result | None:
        activity = record.activity
        quantity = plain_decimal(activity.quantity)
        multiplier = await self._multiplier(activity)
        if quantity is None or isinstance(multiplier, Unresolved):
            return None
        rate = await self._rate(activity, multiplier.factor_currency)
        unit = self.calculator.resolver.units.find(activity.unit)
        if isinstance(rate, Unresolved) or unit is None or (quantity < 0 and unit.dimension != MONEY):
            return None
        amount = amount_in_factor_unit(quantity=quantity, rate=rate.value)
        if abs(amount * multiplier.mg_co2e_per_unit) >= MAX_LINE_MG_CO2E:
            return None
        mg = quantised_mg(amount, multiplier.mg_co2e_per_unit)
        return _result(record, multiplier.factor_id, (amount, mg))

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


def _in_halves(task: Task, work: Callable[[Iterator[Record]], list[Result]]) -> Outcome:
    """Do the second half with everything resolved: its pace is that of all the rows to come."""
    half = task.rows // 2
    task.out.mkdir()
    total = _keep(work(_records(task.ledger, 0, half)), task.out / "first.parquet")
    cpu_s_at_half = time.process_time()
    total += _keep(work(_records(task.ledger, half, task.rows - half)), task.out / "second.parquet")
    return Outcome(total, cpu_s_at_half)


def _records(ledger: Path, start: int, rows: int) -> Iterator[Record]:
    chosen = pl.scan_parquet(ledger).slice(start, rows)
    wanted = chosen.filter((pl.col("problem") == "") & (pl.col("exclusion") == "")).select(RECORD_COLUMNS)
    for row, supplier, category, activity, region, unit, day, quantity in wanted.collect().iter_rows():
        of_row = ActivityData(activity, quantity, unit, date=day, region=region, category=category)
        yield Record(row, supplier, of_row)


def _result(record: Record, factor_id: str, product: tuple[float, int]) -> Result:
    return Result(record.row, record.supplier, record.activity.category, factor_id, *product)


def _keep(results: list[Result], path: Path) -> int:
    frame = pl.DataFrame({f.name: [getattr(r, f.name) for r in results] for f in fields(Result)})
    frame.write_parquet(path, compression="zstd", compression_level=1)
    return sum(result.co2e_mg for result in results)


JOBS: dict[str, Callable[[Task], Outcome]] = {
    "full": full,
    "asyncio": asyncio_loop,
    "plain_loop": plain_loop,
    "limit": limit,
}
SAMPLED = ("asyncio", "plain_loop")
"""Jobs that are given a sample of the rows."""

if __name__ == "__main__":
    name, ledger, out, rows = sys.argv[1:]
    print(json.dumps(asdict(JOBS[name](Task(Path(ledger), Path(out), int(rows))))))
