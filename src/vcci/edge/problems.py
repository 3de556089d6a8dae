"""Problems (RFC 9457): how an error looks over HTTP. Each has a code, a hint, and a page of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from starlette.responses import Response

from vcci.errors import (
    DatabaseError,
    DeadlineError,
    FactorError,
    FactorNotFoundError,
    InputError,
    RemoteError,
    VcciError,
)

MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 1


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its status, its title, and what to do."""

    status: int
    title: str
    hint: str


KINDS: Final[dict[str, Kind]] = {
    "body_malformed": Kind(
        400,
        "The body is no JSON as it has to be",
        "Send one JSON value in UTF-8, without doubled names, NaN or infinities.",
    ),
    "body_encoded": Kind(415, "Encoded bodies are not taken", "Send the body without Content-Encoding."),
    "body_too_large": Kind(413, "The body is too large", "Send less at once, or upload a file."),
    "framing_refused": Kind(
        400,
        "The length of the request is told in two ways",
        "Send one Content-Length, or one Transfer-Encoding.",
    ),
    "host_refused": Kind(400, "The host is not told once", "Send one Host field."),
    "cursor_refused": Kind(
        400,
        "The cursor is of no use here",
        "Begin again without a cursor; a cursor is for the list, order and filters that it came from.",
    ),
    "request_invalid": Kind(
        422,
        "The request does not fit its description",
        "See the errors, each with a pointer, and /openapi.json.",
    ),
    "order_unknown": Kind(422, "There is no such order", "Use one of the orders that the description lists."),
    "key_missing": Kind(
        401, "A key is needed", "Send Authorization: Bearer, or X-API-Key, with a key of the service."
    ),
    "key_refused": Kind(401, "The key is not valid", "Use a key that was neither revoked nor has expired."),
    "permission_missing": Kind(
        403,
        "The key may not do this",
        "Use a key with the permission that the description of the route names.",
    ),
    "form_forged": Kind(
        403, "The form is not of this session", "Load the page again, and send its form from there."
    ),
    "not_found": Kind(404, "There is no such thing", "Check the address and the id."),
    "method_not_allowed": Kind(
        405, "The address does not know this method", "Use one of the methods in Allow."
    ),
    "version_missing": Kind(
        428,
        "A correction must say what it corrects",
        "Send If-Match with the ETag of the version that you have seen.",
    ),
    "version_changed": Kind(
        412, "Somebody else was faster", "Read it again, and correct the version that there is now."
    ),
    "run_is_closed": Kind(
        409,
        "The lines of a finished run do not change",
        "Mend the rows in the files of the run, and run them again.",
    ),
    "idempotency_key_invalid": Kind(
        400, "The Idempotency-Key cannot be used", "Send 1 to 255 visible ASCII characters, best a UUID."
    ),
    "idempotency_key_reused": Kind(
        422, "The Idempotency-Key was used for another request", "Use a new key for a new request."
    ),
    "request_in_progress": Kind(
        409,
        "The same request is still under way",
        "Try again in a second: the answer will be that of the first.",
    ),
    "too_many_requests": Kind(429, "Too many requests", "Wait as long as Retry-After says."),
    "conflict": Kind(409, "It stands against what is there already", "See the detail."),
    "activity_not_calculated": Kind(
        422, "The activity has no line", "See the finding, which says what to do."
    ),
    "service_away": Kind(503, "The service cannot answer now", "Try again after the seconds in Retry-After."),
    "internal_error": Kind(500, "An error of the service", "Please report this with the request's id."),
}
"""Every kind that is no error of the core, by its code."""


@dataclass  # not frozen: Python itself writes to an exception on its way up
class ProblemError(Exception):
    """What a handler raises to answer with a problem."""

    code: str
    detail: str = ""
    pointer: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)


def problem(error: ProblemError) -> Response:
    """Return the answer for a problem."""
    kind = KINDS[error.code]
    return _response(
        kind.status,
        {"code": error.code, "title": kind.title, "detail": error.detail or kind.title, "hint": kind.hint}
        | ({"pointer": error.pointer} if error.pointer else {})
        | dict(error.more),
        error.headers,
    )


def problem_of(error: VcciError) -> Response:
    """Return the answer for an error of the core."""
    status = status_of(error)
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {}
    content = {"code": error.code, "title": type(error).__doc__ or "", "detail": error.what}
    if error.tried:
        content["tried"] = list(error.tried)  # type: ignore[assignment]
    return _response(status, content | {"hint": error.remedy}, headers)


def status_of(error: VcciError) -> int:
    """Return the status of an error of the core."""
    kinds: Iterable[tuple[type[VcciError], int]] = (
        (FactorNotFoundError, 404),
        (InputError, 422),
        (FactorError, 422),
        (DatabaseError, 503),
        (RemoteError, 503),
        (DeadlineError, 504),
    )
    return next((status for kind, status in kinds if isinstance(error, kind)), 500)


def _response(status: int, content: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    body = {"type": f"/problems/{content['code']}", "status": status, **content}
    return Response(
        orjson.dumps(body),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **headers},
    )
