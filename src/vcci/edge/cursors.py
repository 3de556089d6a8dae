"""Cursors: a position in a list, sealed, and of use only where it was given out.

A cursor carries the position's values and a code over these and over everything that the list depends on:
tenant, order, filters and the runs that are read. A cursor that was changed, or that belongs to another list,
is refused.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from vcci.services.paging import Order, Position

VERSION: Final = 1
CODE_BYTES: Final = 16
LONGEST: Final = 2_000
"""Characters of a cursor; longer ones are not looked at."""

READERS: Final[dict[str, Callable[[str], Any]]] = {
    "uuid": UUID,
    "text": str,
    "date": date.fromisoformat,
    "timestamptz": datetime.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "numeric": Decimal,
    "bigint": int,
    "integer": int,
    "smallint": int,
    "double precision": float,
}
"""How a value of each type of PostgreSQL is read from a cursor; it is written as text."""


class CursorError(ValueError):
    """A cursor is none of ours, was changed, or belongs to another list."""


@dataclass(frozen=True, slots=True)
class CursorCodec:
    """Seals positions with a secret of the service, at least 32 bytes."""

    secret: bytes

    def seal(self, position: Position, *, order: Order, bound_to: Mapping[str, Any]) -> str:
        """Return the cursor of a position in a list that depends on `bound_to`."""
        values = [None if value is None else _text(value) for value in position.values]
        payload = json.dumps([VERSION, int(position.is_backward), *values], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._code(payload, order, bound_to) + payload).decode().rstrip("=")

    def unseal(self, cursor: str, *, order: Order, bound_to: Mapping[str, Any]) -> Position:
        """Return the position of a cursor; raises `CursorError` for every other text."""
        try:
            if len(cursor) > LONGEST or not cursor.isascii():
                raise CursorError("the cursor is too long")
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            code, payload = raw[:CODE_BYTES], raw[CODE_BYTES:]
            if not hmac.compare_digest(code, self._code(payload, order, bound_to)):
                raise CursorError("the cursor belongs to another list, or was changed")
            if base64.urlsafe_b64encode(raw).decode().rstrip("=") != cursor:
                raise CursorError("the cursor is written in another way than it was given out")
            _, is_backward, *texts = json.loads(payload)
            pairs = zip(order.columns, texts, strict=True)
            values = tuple(None if text is None else READERS[column.kind](text) for column, text in pairs)
        except CursorError:
            raise
        except (ValueError, KeyError, TypeError) as error:
            raise CursorError("the cursor cannot be read") from error
        return Position(values, bool(is_backward))

    def _code(self, payload: bytes, order: Order, bound_to: Mapping[str, Any]) -> bytes:
        told = json.dumps({"order": order.name, **bound_to}, sort_keys=True, default=str).encode()
        key = hashlib.blake2b(told, key=self.secret[:64], digest_size=32).digest()
        return hashlib.blake2b(payload, key=key, digest_size=CODE_BYTES).digest()


def _text(value: Any) -> str:
    if isinstance(value, float):
        return repr(value)
    return value.isoformat() if isinstance(value, date) else str(value)
