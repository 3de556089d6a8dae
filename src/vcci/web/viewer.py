"""Who sees a page, and how they like it; and the token by which their forms are known."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request

from vcci.domain.access import Permission, Principal
from vcci.edge.authentication import is_session, principal_in
from vcci.edge.operation import runs_service
from vcci.edge.problems import ProblemError
from vcci.runtime.service import Service
from vcci.web.formats import NAMES, EmissionUnit, Format, Numbers
from vcci.web.navigation import Section

PREFERENCES: Final = "vcci_preferences"
"""Cookie of how a person likes pages; it holds no secret and says nothing of anybody."""

CSRF_FIELD: Final = "csrf"
CSRF_HEADER: Final = "x-csrf-token"
THEMES: Final = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who sees a page; `runs_service` is who belongs to the tenant that runs the service."""

    principal: Principal
    csrf: str
    form: Format = field(default_factory=Format)
    theme: str = "auto"
    runs_service: bool = False

    @property
    def name(self) -> str:
        """The name of the person or key."""
        return self.principal.name

    def may(self, permission: Permission | str) -> bool:
        """Say whether the viewer has a permission."""
        return self.principal.may(Permission(permission))

    def sees(self, section: Section) -> bool:
        """Say whether the menu of the viewer has a section."""
        return self.may(section.permission) and (self.runs_service or not section.is_of_service)


def viewer_of(request: Request, service: Service) -> Viewer | None:
    """Return who sees a page, None where nobody is known."""
    principal = principal_in(request.scope)
    if principal is None:
        return None
    told = preferences_in(request)
    style = NAMES.get(told.get("numbers", ""), Numbers.ENGLISH)
    unit = EmissionUnit.KILOGRAMS if told.get("unit") == EmissionUnit.KILOGRAMS else EmissionUnit.TONNES
    theme = told.get("theme", "")
    token = csrf_token(service, principal)
    theme = theme if theme in THEMES else THEMES[0]
    is_of_home = runs_service(service, principal)
    return Viewer(principal, token, Format(style, unit), theme, runs_service=is_of_home)


def preferences_in(request: Request) -> Mapping[str, str]:
    """Return how the person likes pages, as far as they have said."""
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(PREFERENCES)
    except CookieError:
        return {}
    return dict(parse_qsl(found.value, max_num_fields=8)) if found else {}


def csrf_token(service: Service, principal: Principal) -> str:
    """Return the token of a session's forms: no other page can know it."""
    told = b"forms of " + principal.key_id.bytes
    return hmac.new(service.pepper, told, hashlib.sha256).hexdigest()


async def refuse_forged(request: Request, service: Service) -> None:
    """Raise `ProblemError` for a form that no page of the session has sent."""
    principal = principal_in(request.scope)
    if principal is None or not is_session(request.scope):
        return  # nobody's rights are used, or those of a key that no browser adds by itself
    given = request.headers.get(CSRF_HEADER, "")
    if not given:
        given = str((await request.form()).get(CSRF_FIELD, ""))
    if not hmac.compare_digest(given.encode(), csrf_token(service, principal).encode()):
        raise ProblemError("form_forged")
