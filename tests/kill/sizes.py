"""How large the series are as tests: in full with KILL_SERIES=full, some 25 minutes, and small otherwise."""

import os
from typing import TypeVar

T = TypeVar("T", int, float)

SEED = 20260101
IS_FULL = os.environ.get("KILL_SERIES") == "full"


def sized(full: T, small: T) -> T:
    """Return the size of a series."""
    return full if IS_FULL else small


ROWS = sized(100_000, 3_000)
