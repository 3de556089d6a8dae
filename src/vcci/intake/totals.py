"""Total rows of a ledger: they repeat what other rows say, and would count it twice.

A row is one where its label says so and its amount proves it: the exact sum of the rows above, from the start
of the table or from an earlier total on. It stays in the ledger as an excluded row. Whatever only looks like
one is never given a date that it lacks, so that it is rejected in plain sight.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
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

_WORDS: Final = "|".join(map(re.escape, sorted(TOTAL_WORDS, key=len, reverse=True)))
NAMED_TOTAL: Final = rf"^(?:{_WORDS})\b|\b(?:{_WORDS})$"
"""A label that begins or ends with such a word: "Total travel", or a supplier of that name."""

PLACES: Final = 60
"""Digits of the sums: more than any amounts of 36 digits need, so that they are exact."""


def looks_like_total(texts: Iterable[pl.Expr]) -> pl.Expr:
    """Say whether all these texts of a row together are only a word for a total."""
    return _bare(pl.concat_str([text.str.strip_chars() for text in texts])).is_in(sorted(TOTAL_WORDS))


@dataclass(frozen=True, slots=True)
class Amounts:
    """Where a table has its amounts (column), their units, and what else is known of a row (columns)."""

    quantity: int
    unit: Collection[int]
    others: Collection[int]
    mark: DecimalMark


def subtotal_lines(table: RawTable, amounts: Amounts) -> tuple[int, ...]:
    """Return the lines of the rows that are proven to be totals of rows above them.

    A bare word for a total is proven by one row; a label that only contains one needs two, somewhere in the
    table: a supplier may be called so, and have the amount of the row above.
    """
    candidates = _candidates(table, amounts)
    if not candidates:
        return ()
    proven = _proven(candidates, _sums(table, amounts, [line for line, _label, _text in candidates]), amounts)
    is_grouped = any(rows > 1 for _line, rows, _is_bare in proven)
    return tuple(line for line, _rows, is_bare in proven if is_bare or is_grouped)


def _candidates(table: RawTable, amounts: Amounts) -> list[tuple[int, str, str]]:
    """Return line, label and amount of the rows whose only words are a label with a word for a total."""
    places = [i for i in range(len(table.header)) if i != amounts.quantity and i not in amounts.unit]
    texts = [pl.col(f"c{i}") for i in places]
    told = [pl.col(f"c{i}") != "" for i in amounts.others]
    if not texts:
        return []
    wordy = [text.str.contains(r"\p{L}") for text in texts]
    label = _bare(pl.coalesce(pl.when(has).then(text) for text, has in zip(texts, wordy, strict=True)))
    rest = [pl.col(f"c{i}").str.contains(r"^[^\p{L}]*\S[^\p{L}]*$") for i in amounts.others]
    found = (
        pl.scan_parquet(table.path)
        .filter(pl.sum_horizontal(pl.lit(0), *told) <= 1)
        .filter(pl.sum_horizontal(wordy) == 1, ~pl.any_horizontal(pl.lit(value=False), *rest))
        .select("line", label.alias("label"), pl.col(f"c{amounts.quantity}").alias("text"))
        .filter(pl.col("label").str.contains(NAMED_TOTAL))
    )
    return found.collect().rows()


def _sums(table: RawTable, amounts: Amounts, totals: Sequence[int]) -> list[tuple[int, Decimal]]:
    """Return rows and exact sum of each stretch of rows that ends at one of these lines."""
    is_total = pl.col("line").is_in(totals)
    counted = (
        pl.scan_parquet(table.path)
        .select("cells", text=pl.col(f"c{amounts.quantity}"), is_total=is_total, stretch=is_total.cum_sum())
        .filter((pl.col("cells") == len(table.header)) & ~pl.col("is_total"))
        .group_by("stretch", "text")
        .len()
        .collect()
    )
    by_stretch: list[dict[str, int]] = [{} for _ in range(len(totals) + 1)]
    for stretch, text, count in counted.iter_rows():
        by_stretch[stretch][text] = count
    return [(sum(counts.values()), exact_sum(counts, amounts.mark)) for counts in by_stretch]


def _proven(
    candidates: Sequence[tuple[int, str, str]], sums: Sequence[tuple[int, Decimal]], amounts: Amounts
) -> list[tuple[int, int, bool]]:
    """Return line, number of rows summed, and whether the label is a bare word, of each proven total."""
    proven = []
    rows, total = 0, Decimal(0)
    starts = {total: rows}
    with localcontext(prec=PLACES):
        for (line, label, text), (more, part) in zip(candidates, sums, strict=False):
            rows, total = rows + more, total + part
            amount, is_bare = read_amount(text, amounts.mark), label in TOTAL_WORDS
            start = starts.get(total - Decimal(amount.text)) if amount else None
            if start is not None and rows > start:
                proven.append((line, rows - start, is_bare))
                starts.setdefault(total, rows)
            elif amount and not is_bare:
                rows, total = rows + 1, total + Decimal(amount.text)
    return proven


def _bare(text: pl.Expr) -> pl.Expr:
    return text.str.to_lowercase().str.strip_chars(" :.")


def exact_sum(counts: Mapping[str, int], mark: DecimalMark) -> Decimal:
    """Return the sum of the amounts among these texts, each as often as it occurs."""
    with localcontext(prec=PLACES):
        amounts = ((read_amount(text, mark), count) for text, count in counts.items())
        return sum((Decimal(amount.text) * count for amount, count in amounts if amount), Decimal(0))
