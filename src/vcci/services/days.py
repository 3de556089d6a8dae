"""Days as callers write them."""

import re
from datetime import date
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _iso_date(given: Any) -> Any:
    is_written = isinstance(given, str) and ISO_DATE.fullmatch(given)
    if given is not None and not is_written and not isinstance(given, date):
        raise ValueError("a date is written YYYY-MM-DD")
    return given


Day = Annotated[date, BeforeValidator(_iso_date)]
"""A day, written YYYY-MM-DD and in no other way."""
