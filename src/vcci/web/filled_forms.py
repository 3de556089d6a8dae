"""A form that was refused, as it was filled in, with what is wrong at each field; never a password."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from markupsafe import Markup

from vcci.edge.problems import KINDS, ProblemError, status_of
from vcci.errors import VcciError

SECRET: Final = frozenset(("password", "old", "again", "csrf"))
"""Fields that are not shown again."""

FIELD_OF: Final = {"password_unfit": "password", "user_exists": "name", "pack_unknown": "packs"}
"""The field that an error of the core is about, by its code."""

FAULTS: Final = {
    "missing": "This is needed.",
    "enum": "Choose one of the list.",
    "int_parsing": "This is no whole number.",
    "greater_than_equal": "At least {ge}.",
    "less_than_equal": "At most {le}.",
    "string_too_short": "At least {min_length} character.",
    "string_too_long": "At most {max_length} characters.",
    "string_pattern_mismatch": "There are characters in it that are not seen.",
}
"""What a field lacks, by the kind of fault, in place of what pydantic says of it."""

AGAIN: Final = ("request_invalid", "permission_missing")
"""Problems after which a form is shown again; of others, such as a user that is gone, a page tells."""


@dataclass(frozen=True, slots=True)
class Filled:
    """The form that was sent to `path`: its values, what is wrong by field, and what is so with none."""

    path: str = ""
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    told: str = ""
    status: int = 200

    def at(self, path: str) -> "Filled":
        """Return this for the form that was sent there, for others one that nobody has filled in."""
        return self if path == self.path else Filled()

    def value(self, name: str, otherwise: Any = "") -> Any:
        """Return what was written into a field; of a form that nobody has sent, what it begins with."""
        return next(iter(self.values.get(name, ())), "") if self.path else otherwise

    def has(self, name: str, value: str) -> bool:
        """Say whether a value of several was chosen."""
        return value in self.values.get(name, ())

    def marks(self, name: str, hint: str = "") -> Markup:
        """Return the attributes of a field that lead to its hint and to what is wrong with it."""
        ids = " ".join(filter(None, (hint, f"{name}-fault" if name in self.faults else "")))
        invalid = Markup(' aria-invalid="true"') if name in self.faults else Markup()
        return invalid + (Markup(' aria-describedby="{}"').format(ids) if ids else Markup())

    def fault(self, name: str) -> Markup:
        """Return what is wrong with a field, as it stands below it; nothing where nothing is."""
        if name not in self.faults:
            return Markup()
        return Markup('<p class="fault" id="{}-fault">{}</p>').format(name, self.faults[name])

    def alert(self) -> Markup:
        """Return what is told first of a form that was refused; nothing of one that nobody has sent."""
        if not self.path:
            return Markup()
        told = self.told or f"Nothing was taken yet: {'; '.join(self.faults.values())}"
        return Markup('<p class="refused" role="alert">{}</p>').format(told)


async def filled_in(
    request: Request, error: ProblemError | VcciError | RequestValidationError
) -> Filled | None:
    """Return the form of a request that was refused; None where it is no fault of what was filled in."""
    status, faults, told = 422, {}, ""
    if isinstance(error, RequestValidationError):
        faults = {str(one["loc"][1]): _said(one) for one in error.errors() if one["loc"][0] == "body"}
        if not faults:
            return None
    elif isinstance(error, ProblemError):
        if error.code not in AGAIN:
            return None
        status, told = KINDS[error.code].status, error.detail
        if error.pointer:
            faults, told = {error.pointer.split("/")[1]: error.detail}, ""
    else:
        status, told = status_of(error), f"{error.what} {error.remedy}"
        if status != 422:
            return None
        if error.code in FIELD_OF:
            faults, told = {FIELD_OF[error.code]: told}, ""
    form = await request.form()
    values = {
        name: [one for one in form.getlist(name) if isinstance(one, str)]
        for name in form
        if name not in SECRET
    }
    return Filled(request.url.path, values, faults, told, status)


def _said(fault: Mapping[str, Any]) -> str:
    known = FAULTS.get(fault["type"])
    return known.format(**fault.get("ctx", {})) if known else str(fault["msg"])
