"""How large the series are as tests: in full in CI, and small where somebody waits for them."""

import os
from typing import TypeVar

T = TypeVar("T", int, float)

SEED = 20260101
IS_FULL = os.environ.get("CI") == "true"


def sized(full: T, small: T) -> T:
    """Return the size of a series."""
    return full if IS_FULL else small


ROWS = sized(100_000, 3_000)
