"""The columnar definition over rows that are numbers: look up, multiply and quantise, nothing else.

Lines are calculated by the same float operations in the same order as in engine/columnar.py, so with the same
bits. Every row that has none goes to that definition itself, which alone says why.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from vcci.domain.line import MAX_LINE_MG_CO2E, amount_in_factor_unit
from vcci.engine.columnar import GASES, KEY_COLUMNS, LARGEST_COUNTED_SPEND, RATE_COLUMNS
from vcci.engine.numbers import PLAIN_DECIMAL
from vcci.engine.tables import ResolvedTables
from vcci.processing.codes import NONE, Numbers, Values

Floats = npt.NDArray[np.float64]
JOINED_MULTIPLIER: Final = ("key", "is_money", "mg_co2e_per_unit", "factor_currency", "key_reason", *GASES)
JOINED_RATE: Final = ("rate", "day", "month", "rate_notices", "rate_reason")
"""What stands beside a row of its multiplier and its rate, as columnar.outcomes joins it."""

SAFE_LENGTH: Final = 18
"""Characters up to which a number cannot have too many digits for PLAIN_DECIMAL."""

Whole = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Answers:
    """The resolved tables as arrays, which are looked up by number.

    By the number of a row's key: `key` (that of the multiplier table), `category`, `is_money`, `multiplier`
    (mg CO2e per unit), `currency`, `gases`. By currency and date: `rate_at`, the place of a rate. By place:
    `rates`, `days`, `months` and `rate_notices`; the last place is of no rate. What is not there, or has a
    reason against it, is NaN; so is the last entry of those by key, which rows that ask nothing find by
    their -1. `multipliers` and `rate_table` are the same for rows without a line.
    """

    key: Numbers
    category: npt.NDArray[np.int8]
    is_money: Mask
    multiplier: Floats
    currency: Numbers
    gases: dict[str, Floats]
    is_by_gas: bool
    rate_at: Numbers
    rates: Floats
    multipliers: pl.DataFrame
    rate_table: pl.DataFrame
    days: npt.NDArray[np.datetime64]
    months: npt.NDArray[np.datetime64]
    rate_notices: pa.DictionaryArray

    @classmethod
    def of(cls, tables: ResolvedTables, *, keys: pl.DataFrame, dates: pl.DataFrame) -> "Answers":
        """Return the answers to keys (KEY_COLUMNS) and dates (unit, date), in the order of their numbers."""
        found = keys.join(tables.multipliers, on=list(KEY_COLUMNS), how="left", maintain_order="left")
        currencies, rates = Values(), tables.rates
        currency = pa.array(found["factor_currency"].fill_null(""), pa.string()).dictionary_encode()
        none = pl.DataFrame([None], schema={"day": pl.Date})["day"]
        return cls(
            key=found["key"].fill_null(NONE).to_numpy(),
            category=found["category"].to_numpy(),
            is_money=np.append(found["is_money"].fill_null(value=False).to_numpy(), np.False_),
            multiplier=np.append(_where_good(found, "mg_co2e_per_unit", reason="key_reason"), np.nan),
            currency=np.append(currencies.numbered(currency), np.int32(0)),
            gases={name: found[name].fill_null(np.nan).to_numpy() for name in GASES},
            is_by_gas=tables.is_by_gas,
            rate_at=_rate_at(rates, currencies, dates),
            rates=np.append(_where_good(rates, "rate", reason="rate_reason"), np.nan),
            multipliers=found.select(JOINED_MULTIPLIER),
            rate_table=rates.select(JOINED_RATE),
            days=rates["day"].append(none).to_numpy(),
            months=rates["month"].append(none).to_numpy(),
            rate_notices=pa.array([*rates["rate_notices"], ""], pa.string()).dictionary_encode(),
        )

    def rate_places_of(self, keys: Whole, dates: Numbers) -> Numbers:
        """Return the places of rates by the numbers of keys and dates, of which -1 asks nothing."""
        # In one line, the last of the line before is found by -1: it is of no rate in every line.
        start = self.currency.astype(np.intp) * self.rate_at.shape[1]
        found: Numbers = self.rate_at.ravel()[start[keys] + dates]
        return found

    def beside(self, rows: pl.DataFrame, *, keys: Numbers, dates: Numbers) -> pl.DataFrame:
        """Return rows with their multiplier and rate beside them, nulls where there is none."""
        has_key = keys >= 0
        places = np.full(len(keys), self.rate_table.height, np.int32)
        places[has_key] = self.rate_at[self.currency[keys[has_key]], dates[has_key]]
        of_key = pl.Series(keys, dtype=pl.Int64).set(pl.Series(~has_key), None)
        of_rate = pl.Series(places, dtype=pl.Int64).set(pl.Series(places == self.rate_table.height), None)
        return rows.hstack(self.multipliers.select(pl.all().gather(of_key))).hstack(
            self.rate_table.select(pl.all().gather(of_rate))
        )


def _where_good(frame: pl.DataFrame, name: str, *, reason: str) -> Floats:
    """Return a column of numbers, NaN where there is none or a reason against it."""
    good = frame.select(pl.when(pl.col(reason) == "").then(name)).to_series()
    return good.fill_null(np.nan).to_numpy()


def _rate_at(rates: pl.DataFrame, currencies: Values, dates: pl.DataFrame) -> Numbers:
    """Return by currency and date the place of the rate; one past the last where there is none.

    The last date stands for rows that ask nothing, whose number is -1.
    """
    place_of = {question: place for place, question in enumerate(rates.select(RATE_COLUMNS).iter_rows())}
    places = [
        [place_of.get((unit, currency, date), rates.height) for unit, date in dates.iter_rows()]
        for currency in currencies.all().to_pylist()
    ]
    found = np.array(places, np.int32).reshape(len(currencies), dates.height)
    return np.pad(found, ((0, max(0, 1 - len(currencies))), (0, 1)), constant_values=rates.height)


@dataclass(frozen=True, slots=True)
class FusedLines:
    """The lines of a part: the places of their rows in it, what they look up, and what came of it.

    `gases` are whole amounts by column, 0 where the factor does not tell the gas, and where that is.
    """

    places: Whole
    keys: Numbers
    rate_places: Numbers
    amounts: Floats
    co2e_mg: Whole
    spend_hundredths: Whole
    gases: dict[str, tuple[Whole, Mask]]


def fused_lines(answers: Answers, rows: pa.RecordBatch, *, keys: Numbers, dates: Numbers) -> FusedLines:
    """Return the lines of rows in row order; `keys` and `dates` are NONE where a row asks nothing."""
    quantity = plain_numbers(rows.column("quantity"))
    at = keys.astype(np.intp)  # once, what NumPy would do for each look-up
    rate_place = answers.rate_places_of(at, dates)
    with np.errstate(over="ignore", invalid="ignore"):
        amount = amount_in_factor_unit(quantity=quantity, rate=answers.rates[rate_place])
        exact = amount * answers.multiplier[at]
        is_line = (np.abs(exact) < MAX_LINE_MG_CO2E) & ((quantity >= 0) | answers.is_money[at])
    places = _in_row_order(np.flatnonzero(is_line), rows.column("row").to_numpy())
    key, quantity, amount = keys[places], quantity[places], amount[places]
    is_countable = np.abs(quantity) < LARGEST_COUNTED_SPEND
    return FusedLines(
        places=places,
        keys=key,
        rate_places=rate_place[places],
        amounts=amount,
        co2e_mg=_quantised(exact[places]),
        spend_hundredths=_quantised(np.where(is_countable, quantity, 0.0) * 100),
        gases=_gases(answers, key, amount) if answers.is_by_gas else {},
    )


def _in_row_order(places: Whole, numbers: Whole) -> Whole:
    """Return places in the order of their rows' numbers, which nearly always they have."""
    asked = numbers[places]
    return places if (np.diff(asked) > 0).all() else places[np.argsort(asked, kind="stable")]


def _gases(answers: Answers, keys: Numbers, amounts: Floats) -> dict[str, tuple[Whole, Mask]]:
    found = {}
    for multiplier, column in GASES.items():
        exact = amounts * answers.gases[multiplier][keys]
        is_told = ~np.isnan(exact)
        found[column] = _quantised(np.where(is_told, exact, 0.0)), ~is_told
    return found


def plain_numbers(texts: pa.Array) -> Floats:
    """Return the numbers of plain decimal texts, NaN for any other text."""
    column = pl.Series("text", texts, dtype=pl.String)
    numbers: Floats = column.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy(writable=True)
    doubtful = _doubtful(texts)
    is_plain = column.gather(doubtful).str.contains(PLAIN_DECIMAL).fill_null(value=False).to_numpy()
    numbers[doubtful[~is_plain]] = np.nan
    return numbers


def _doubtful(texts: pa.Array) -> Whole:
    """Return the places of texts that may be numbers to a computer and are not for sure plain decimals.

    Any other number of up to 18 digits and points that begins and ends with a digit is plain.
    """
    of_32_bits = texts.cast(pa.string())
    _, offsets, content = of_32_bits.buffers()
    ends = np.frombuffer(offsets, np.int32)[of_32_bits.offset :][: len(texts) + 1]
    characters = np.frombuffer(content or b"", np.uint8)
    if not len(characters):
        return np.zeros(0, np.int64)
    is_digit = (characters >= ord("0")) & (characters <= ord("9"))
    starts = np.minimum(ends[:-1], len(characters) - 1)
    is_doubtful = ~(is_digit[starts] & is_digit[ends[1:] - 1]) | (np.diff(ends) > SAFE_LENGTH)
    others = np.flatnonzero(~is_digit & (characters != ord(".")))
    inside = others[(others >= ends[0]) & (others < ends[-1])]
    is_doubtful[np.searchsorted(ends, inside, side="right") - 1] = True
    return np.flatnonzero(is_doubtful)


def _quantised(exact: Any) -> Whole:
    """Return whole numbers, halves up, as columnar.lines has them."""
    whole: Whole = np.floor(exact + 0.5).astype(np.int64)
    return whole
