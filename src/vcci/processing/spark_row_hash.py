"""One hash of many rows, that every engine works out from the same integers.

Rows are mixed with arithmetic modulo two primes below 2^31, in 64-bit integers that cannot overflow, and
the results are added up. So no order, partition or chunk changes it, while a row that is lost, doubled or
moved to another amount or key does. It is a check of arithmetic, not a signature.
"""

from collections.abc import Mapping
from typing import Any, Final

import narwhals as nw

LANES: Final = (
    (2_147_483_647, (48_271, 69_621, 39_373)),
    (2_147_483_629, (16_807, 62_089, 40_692)),
)
"""The largest primes below 2^31, and what the row, the amount and the key are multiplied by."""

SHIFT: Final = 2**60
"""Makes every amount positive: lines are below 10^18 mg, spend below 10^17 hundredths."""


def hash_sums(*, amount: str, key: str = "") -> dict[str, Any]:
    """Return what to sum over a frame with `row` and the integers `amount` and `key`, by lane."""
    return {f"hash_{lane}": _mixed(lane, amount, key).sum() for lane in range(len(LANES))}


def hash_text(sums: Mapping[str, int]) -> str:
    """Return the hash as text, from the sums of a whole frame."""
    return "-".join(f"{sums[f'hash_{lane}']:016x}" for lane in range(len(LANES)))


def row_hash(frame: Any, *, amount: str, key: str = "") -> str:
    """Return the hash of a lazy Narwhals frame over any engine."""
    (sums,) = frame.select(**hash_sums(amount=amount, key=key)).collect("polars").rows(named=True)
    return hash_text(sums)


def _mixed(lane: int, amount: str, key: str) -> Any:
    prime, (of_row, of_amount, of_key) = LANES[lane]
    mixed = _rest(nw.col("row"), prime) * of_row
    mixed = mixed + _rest(nw.col(amount) + SHIFT, prime) * of_amount
    if key:
        mixed = mixed + _rest(nw.col(key), prime) * of_key
    mixed = mixed % prime
    squared = (mixed * mixed + of_row) % prime
    return (squared * squared + mixed) % prime


def _rest(number: Any, prime: int) -> Any:
    return number.cast(nw.Int64) % prime
