"""A seeded ledger of any size: a classified ledger frame with real commodity codes, as the engine takes it.

The same seed gives the same rows, and fewer rows are the first ones of more. Made up: suppliers, amounts, and
which keys are frequent (Zipf). Real: the commodity codes, the currencies, the span of dates.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import polars as pl

from vcci.domain.activity import CLASSIFIED_COLUMNS, LEDGER_COLUMNS
from vcci.domain.factor import OwnFactor

CHUNK_ROWS = 125_000
"""Rows made at a time, from a generator of their own."""

GROUP_CHUNKS = 2
"""Of these, so many make a row group, as classification leaves them."""

KEYS = 5_000
"""Distinct combinations of commodity, category, region, unit and year."""

SUPPLIERS = 20_000
BAD_SHARE = 0.004
EXCLUDED_SHARE = 0.02
CREDIT_NOTE_SHARE = 0.03
PHYSICAL_SHARE = 0.05

FIRST_YEAR, LAST_YEAR = 2020, 2025
CURRENCIES = ("USD", "EUR", "GBP", "CHF", "SEK", "JPY", "CAD", "INR")
REGIONS = ("US", "GB", "DE", "FR", "SE", "CH", "JP", "CA", "IN", "")
CATEGORIES = (1, 1, 1, 1, 1, 2, 4, 5, 6)
EXCLUSIONS = ("tax", "payroll", "transfer", "debt")
PHYSICAL = {"own:steel": ("t", "kg", "lb"), "own:freight": ("tkm",), "own:diesel": ("L", "gal_us", "m3")}

OWN_FACTORS = {
    "steel": OwnFactor("1.85", "t", "made up for the benchmark"),
    "freight": OwnFactor("0.112", "tkm", "made up for the benchmark"),
    "diesel": OwnFactor("0.61", "L", "made up for the benchmark"),
}
"""Factors for the rows that state a physical quantity."""

BAD_ROWS: tuple[dict[str, Any], ...] = (
    {
        "quantity": "",
        "problem": "quantity_not_a_number",
        "problem_column": "Amount",
        "problem_value": "see note",
    },
    {"date": "", "problem": "date_not_a_date", "problem_column": "Date", "problem_value": "31.02.2023"},
    {"quantity": ""},
    {"quantity": "999999999999999999"},
    {"unit": "ZZZ"},
    {"category": 17},
    {"activity": ""},
    {"date": "1995-06-30"},
)
"""What is wrong with bad rows: one kind each, all equally frequent."""


@dataclass(frozen=True, slots=True)
class Key:
    """What rows have in common that share a multiplier."""

    activity: str
    category: int
    region: str
    unit: str
    year: int


def describe(rows: int, seed: int) -> dict[str, Any]:
    """Return what the ledger is made with, for the record of a measurement."""
    return {
        "rows": rows,
        "seed": seed,
        "base_keys": KEYS,
        "suppliers": SUPPLIERS,
        "bad_share": BAD_SHARE,
        "excluded_share": EXCLUDED_SHARE,
        "physical_share_of_keys": PHYSICAL_SHARE,
    }


def write_ledger(path: Path, *, rows: int, codes: Sequence[str], seed: int) -> None:
    """Write `rows` rows over the commodity codes as Parquet, in bounded memory."""
    import pyarrow.parquet as pq  # the measured jobs import this module, and have no need of it

    keys = _keys(codes, random.Random(seed))
    weights = list(accumulate(1 / rank for rank in range(1, len(keys) + 1)))
    writer = None
    chunks = list[pl.DataFrame]()
    for start in range(0, rows, CHUNK_ROWS):
        chooser = random.Random(f"{seed}/{start}")
        chosen = chooser.choices(keys, cum_weights=weights, k=CHUNK_ROWS)
        chunks.append(_chunk(start + 1, chosen, chooser).head(rows - start))
        if len(chunks) == GROUP_CHUNKS or start + CHUNK_ROWS >= rows:
            table, chunks = pl.concat(chunks).to_arrow(), []
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=1)
            writer.write_table(table)
    if writer is not None:
        writer.close()


def _keys(codes: Sequence[str], chooser: random.Random) -> list[Key]:
    found: dict[Key, None] = {}
    while len(found) < KEYS:
        region, year = chooser.choice(REGIONS), chooser.randint(FIRST_YEAR, LAST_YEAR)
        if chooser.random() < PHYSICAL_SHARE:
            activity = chooser.choice(list(PHYSICAL))
            key = Key(activity, 1, region, chooser.choice(PHYSICAL[activity]), year)
        else:
            activity = f"naics2017:{chooser.choice(codes)}"
            key = Key(activity, chooser.choice(CATEGORIES), region, chooser.choice(CURRENCIES), year)
        found[key] = None
    return list(found)


def _chunk(first_row: int, keys: Sequence[Key], chooser: random.Random) -> pl.DataFrame:
    rows = range(first_row, first_row + len(keys))
    suppliers = [chooser.randrange(SUPPLIERS) for _ in rows]
    columns: dict[str, Any] = {
        "row": list(rows),
        "source": ["ledger.csv"] * len(keys),
        "line": [row + 1 for row in rows],
        "supplier_id": [f"V{number:06}" for number in suppliers],
        "supplier": [f"Supplier {number:05} Limited" for number in suppliers],
        "account": [f"Account {key.activity}" for key in keys],
        "account_code": [key.activity[-6:] for key in keys],
        "description": [f"Purchase order {chooser.randrange(10**7):07}" for _ in rows],
        "capital": [key.category == 2 for key in keys],
        "date": [_day(key.year, chooser) for key in keys],
        "quantity": [_quantity(key, chooser) for key in keys],
        "unit": [key.unit for key in keys],
        "region": [key.region for key in keys],
        "asked_method": [""] * len(keys),
        "problem": [""] * len(keys),
        "problem_column": [""] * len(keys),
        "problem_value": [""] * len(keys),
        "notices": [""] * len(keys),
        "activity": [key.activity for key in keys],
        "category": [key.category for key in keys],
        "exclusion": [chooser.choice(EXCLUSIONS) if chooser.random() < EXCLUDED_SHARE else "" for _ in rows],
    }
    for at in range(len(keys)):
        if chooser.random() < BAD_SHARE:
            for name, value in chooser.choice(BAD_ROWS).items():
                columns[name][at] = value
    return pl.DataFrame(columns, schema=_schema())


def _schema() -> dict[str, Any]:
    described = LEDGER_COLUMNS | CLASSIFIED_COLUMNS
    return {name: getattr(pl, text.partition(":")[0]) for name, text in described.items()}


def _day(year: int, chooser: random.Random) -> str:
    return (date(year, 1, 1) + timedelta(days=chooser.randrange(365))).isoformat()


def _quantity(key: Key, chooser: random.Random) -> str:
    amount = chooser.lognormvariate(6, 2)
    is_credit_note = key.unit in CURRENCIES and chooser.random() < CREDIT_NOTE_SHARE
    return f"{-amount if is_credit_note else amount:.2f}"
