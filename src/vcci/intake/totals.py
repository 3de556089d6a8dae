"""Total lines of a ledger: they repeat what other rows say, and would count it twice.

The last line of a file is left out, and said so, where it is a total by its word and by its amount: the exact
sum of the rows above. Any other row that looks like one is never given a date that it lacks, so that it is
rejected in plain sight.
"""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal, localcontext
from typing import Final

import polars as pl

from vcci.domain.mapping import DecimalMark
from vcci.intake.front import RawTable
from vcci.intake.numbers import read_amount

TOTAL_WORDS: Final = frozenset(
    """total|totals|grand total|sub total|subtotal|sub-total|sum|summe|gesamt|gesamtsumme|endsumme
    zwischensumme|total général|sous-total|suma|total general|totaal|subtotaal|totale|totale generale
    subtotale|somma""".replace("\n    ", "|").split("|")
)
"""What stands in the place of all other texts of a total line, in small letters."""

PLACES: Final = 60
"""Digits of the sums: more than any amounts of 36 digits need, so that they are exact."""


def looks_like_total(texts: Iterable[pl.Expr]) -> pl.Expr:
    """Say whether all these texts of a row together are only a word for a total."""
    joined = pl.concat_str([text.str.strip_chars() for text in texts])
    return joined.str.to_lowercase().str.strip_chars(" :.").is_in(sorted(TOTAL_WORDS))


def total_line(table: RawTable, *, quantity: int, unit: Collection[int], mark: DecimalMark) -> int:
    """Return the line of a file's last row if that is the exact total of the rows above, else 0."""
    texts = [pl.col(f"c{i}") for i in range(len(table.header)) if i != quantity and i not in unit]
    scan = pl.scan_parquet(table.path)
    last = scan.tail(1).filter(looks_like_total(texts)) if texts and table.rows > 2 else None
    found = last.select("line", pl.col(f"c{quantity}")).collect().rows() if last is not None else []
    if not found:
        return 0
    line, text = found[0]
    above = scan.filter((pl.col("cells") == len(table.header)) & (pl.col("line") != line))
    counted = above.group_by(f"c{quantity}").len().collect()
    total = read_amount(text, mark)
    proven = total is not None and Decimal(total.text) == exact_sum(dict(counted.iter_rows()), mark)
    return int(line) if proven else 0


def exact_sum(counts: Mapping[str, int], mark: DecimalMark) -> Decimal:
    """Return the sum of the amounts among these texts, each as often as it occurs."""
    with localcontext(prec=PLACES):
        amounts = ((read_amount(text, mark), count) for text, count in counts.items())
        return sum((Decimal(amount.text) * count for amount, count in amounts if amount), Decimal(0))
