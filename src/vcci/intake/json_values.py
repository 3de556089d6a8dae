"""JSON (RFC 8259), read strictly: numbers stay the texts that were written, and nothing is dropped. Pure.

What the standard leaves open is closed: no key twice, no NaN, no lone half of a character.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from vcci.errors import FileRefusedError
from vcci.intake.limits import damaged

MOST_DIGITS: Final = 400
"""Digits that a number with an exponent may be written out to; a longer one stays as it was written."""


class Numeral(str):
    """A number, by the text that stands in the file."""

    __slots__ = ()


class _TwiceError(ValueError):
    """An object has a key twice."""


def value_of(text: str, name: str, *, line: int = 0) -> Any:
    """Return what a JSON text holds, numbers as `Numeral`; refused with file and, for JSON lines, line."""
    where = f"line {line}: " if line else ""
    try:
        value = json.loads(
            text,
            parse_float=Numeral,
            parse_int=Numeral,
            parse_constant=_no_number,
            object_pairs_hook=_object,
        )
    except _TwiceError as error:
        raise FileRefusedError(
            f"{name}: {where}an object has the key {str(error)[:80]!r} twice.",
            remedy="Export it again with each key once, or as CSV.",
            code="json_key_twice",
        ) from None
    except RecursionError:
        raise FileRefusedError(
            f"{name}: {where}values are nested deeper than any table's.",
            remedy="Export it as CSV.",
            code="json_too_deep",
        ) from None
    except ValueError as error:
        raise damaged(name, f"{where}{error}") from None
    return value


def tables_of(value: Any) -> dict[str, list[Any]]:
    """Return the arrays of objects of a document by dotted name, of the outermost level that has any."""
    if isinstance(value, list):
        return {"": value} if not value or isinstance(value[0], dict) else {}
    level = {"": value} if isinstance(value, dict) else {}
    while level:
        inner = {
            f"{outer}.{key}".removeprefix("."): entry
            for outer, members in level.items()
            for key, entry in members.items()
        }
        found = {key: e for key, e in inner.items() if isinstance(e, list) and e and isinstance(e[0], dict)}
        if found:
            return found
        level = {key: entry for key, entry in inner.items() if isinstance(entry, dict)}
    return {}


def flat(record: Any, name: str, row: int) -> dict[str, str]:
    """Return the texts of an object by key, those of an object in it by `key.key`; deeper ones are refused.

    Numbers stay `Numeral`.
    """
    if not isinstance(record, dict):
        raise _not_flat(f"row {row} of {name} is no object")
    cells: dict[str, str] = {}
    for key, value in _entries(record):
        if isinstance(value, list | dict) and value:
            raise _not_flat(f"{key[:80]!r} in row {row} of {name} holds several values")
        if key in cells:
            raise _not_flat(f"{key[:80]!r} in row {row} of {name} is the name of two values")
        cells[key] = TEXTS[type(value)](value)
    return cells


def _entries(record: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        if isinstance(value, dict) and value:
            yield from ((f"{key}.{inner}", entry) for inner, entry in value.items())
        else:
            yield key, value


def _numeral(value: Numeral) -> Numeral:
    if "e" not in value and "E" not in value:
        return value
    number = Decimal(value)
    return Numeral(format(number, "f")) if abs(number.adjusted()) < MOST_DIGITS else value


TEXTS: Final[dict[type, Callable[[Any], str]]] = {
    str: str,
    Numeral: _numeral,
    bool: lambda value: "TRUE" if value else "FALSE",
    type(None): lambda _value: "",
    list: lambda _value: "",
    dict: lambda _value: "",
}
"""The text of a value; an empty array or object holds none."""


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _value in pairs]
        raise _TwiceError(next(key for key in found if keys.count(key) > 1))
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _not_flat(what: str) -> FileRefusedError:
    return FileRefusedError(
        f"A table has one value in a cell, but {what}.",
        remedy="Flatten or leave out that value, or export the data as CSV.",
        code="json_not_flat",
    )
