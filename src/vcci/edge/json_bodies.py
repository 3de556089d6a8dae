"""JSON as it comes in: strictly read, because what two readers understand differently is a way around checks.

Refused are doubled keys, NaN and infinities, numbers beyond a double, half of a character pair, and nesting
that no request needs.
"""

import json
import math
from typing import Any, Final

DEEPEST: Final = 32
"""Levels of arrays and objects; the deepest request of ours has five."""


class MalformedJsonError(ValueError):
    """A body is no JSON, or not the kind that means the same to every reader."""


def parsed_json(body: bytes) -> Any:
    """Return what a body says; raises `MalformedJsonError`."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            parse_constant=_refuse_constant,
            parse_float=_float,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError:
        raise MalformedJsonError("the body is not UTF-8") from None
    except RecursionError:
        raise MalformedJsonError(f"it is nested deeper than {DEEPEST} levels") from None
    except MalformedJsonError:
        raise
    except ValueError as error:
        raise MalformedJsonError(str(error)) from None
    _refuse(value, level=0)
    return value


def _refuse_constant(name: str) -> Any:
    raise MalformedJsonError(f"{name} is no number in JSON")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise MalformedJsonError(f"the number {text[:40]} is beyond what can be calculated with")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise MalformedJsonError(f"the name {ascii(double)[:80]} stands twice in one object")
    return found


def _refuse(value: Any, *, level: int) -> None:
    if level > DEEPEST:
        raise MalformedJsonError(f"it is nested deeper than {DEEPEST} levels")
    if isinstance(value, str):
        _refuse_text(value)
    elif isinstance(value, list):
        for one in value:
            _refuse(one, level=level + 1)
    elif isinstance(value, dict):
        for name, one in value.items():
            _refuse_text(name)
            _refuse(one, level=level + 1)


def _refuse_text(text: str) -> None:
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise MalformedJsonError("a text has half of a character pair (a lone surrogate)")
    if "\0" in text:
        raise MalformedJsonError("a text has the character U+0000, which cannot be stored")
