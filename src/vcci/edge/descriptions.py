"""What the description of the API says of problems: which statuses a route gives, and how they look."""

from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from vcci.edge.problems import MEDIA_TYPE


class Problem(BaseModel):
    """A problem (RFC 9457); some kinds say more, such as the errors of a request or a finding."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="The page of this kind of problem.")
    status: int
    code: str = Field(description="What the kind is called; it does not change.")
    title: str
    detail: str
    hint: str = Field(description="What to do.")
    pointer: str = Field(default="", description="The part of the request at fault (RFC 6901).")


HEADERS: Final[dict[int, str]] = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}
"""The header that comes with a status."""


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that gives problems with these statuses."""
    return {status: _described(status) for status in statuses}


def _described(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    told = {"description": HTTPStatus(status).phrase, "content": content}
    header = HEADERS.get(status)
    return told | ({"headers": {header: {"schema": {"type": "string"}}}} if header else {})
