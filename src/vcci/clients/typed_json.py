"""Values as text that come back as what they were: "123" stays a text, a Decimal keeps its digits.

Plain JSON where it is exact; what JSON does not have is an object with one key that begins with $. Texts
that other programs stored are refused, not guessed at.
"""

import json
from base64 import b64decode, b64encode
from binascii import Error as BinasciiError
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from vcci.errors import InputError

TAG: Final = "vcci1:"
"""Begins every stored text, and changes with the encoding."""

ESCAPED: Final = "$object"

TYPES: Final[dict[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]]] = {
    "$decimal": (Decimal, str, Decimal),
    "$datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "$date": (date, date.isoformat, date.fromisoformat),
    "$uuid": (UUID, str, UUID),
    "$bytes": (bytes, lambda value: b64encode(value).decode(), lambda text: b64decode(text, validate=True)),
}
"""Tag -> type, to text, from text; a datetime is a date too, so it comes first."""


def encoded(value: Any) -> str:
    """Return a value as text; raises `InputError` for one that would come back as something else."""
    try:
        return TAG + json.dumps(_tagged(value), allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"A {type(value).__name__} cannot be stored: {error}.",
            remedy="Store texts, numbers, dates, and lists and dictionaries of them with texts as keys.",
            code="value_not_storable",
        ) from None


def decoded(text: str | bytes) -> Any:
    """Return the value of a text of `encoded`; raises `ValueError` for any other text."""
    plain = text.decode() if isinstance(text, bytes) else text
    if not plain.startswith(TAG):
        raise ValueError("the text is none of this encoding")
    try:
        return json.loads(plain[len(TAG) :], object_hook=_untagged)
    except (InvalidOperation, BinasciiError, TypeError, AttributeError, RecursionError):
        raise ValueError("the text is damaged") from None


def _tagged(value: Any) -> Any:
    if value is None or type(value) in (str, int, float, bool):
        return value
    if type(value) is list:
        return [_tagged(one) for one in value]
    if type(value) is dict:
        return _tagged_object(value)
    for tag, (kind, to_text, _) in TYPES.items():
        if type(value) is kind:
            return {tag: to_text(value)}
    raise TypeError(f"it holds a {type(value).__name__}")


def _tagged_object(value: dict[Any, Any]) -> dict[str, Any]:
    if not all(type(key) is str for key in value):
        raise TypeError("it has keys that are no texts")
    inner = {key: _tagged(one) for key, one in value.items()}
    if len(inner) == 1 and next(iter(inner)).startswith("$"):
        return {ESCAPED: [[key, one] for key, one in inner.items()]}
    return inner


def _untagged(content: dict[str, Any]) -> Any:
    if len(content) != 1:
        return content
    ((tag, value),) = content.items()
    if tag == ESCAPED:
        return dict(value)
    if tag in TYPES:
        return TYPES[tag][2](value)
    return content
