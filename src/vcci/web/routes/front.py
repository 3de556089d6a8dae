"""The way in and out, how pages look, what they load, and the description of the API."""

from typing import Annotated, Final
from urllib.parse import urlencode, urlsplit

from fastapi import Form, Query, Request, Response

from vcci.domain.access import Permission
from vcci.edge.authentication import SESSION_COOKIE, is_session, principal_in
from vcci.edge.permissions import Everybody, TheService
from vcci.edge.problem_pages import known_problem
from vcci.edge.problems import Kind, ProblemError
from vcci.errors import InputError
from vcci.runtime.sessions import SESSION_LIFE, session_for
from vcci.runtime.sign_in import end_session, session_by_password
from vcci.web.described_operations import by_tag
from vcci.web.formats import NAMES, EmissionUnit
from vcci.web.pages import page, static
from vcci.web.routes.settings import settings
from vcci.web.viewer import PREFERENCES, THEMES, viewer_of
from vcci.web.views import Reading, form_of, pages, see_other

router = pages()

NO_SUCH_PROBLEM: Final = Kind(404, "No such problem", "Check the code.")
HOME: Final = "/overview"
PREFERENCE_SECONDS: Final = 365 * 86_400

Short = Annotated[str, Form(max_length=200)]


@router.get("/", dependencies=[Everybody])
async def front(
    request: Request, service: TheService, token: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """Lead to the overview, or to where one signs in; a token becomes a session."""
    if token:
        session = await session_for(service, token)
        return _begun(session, HOME) if session else page("used", status=403)
    principal = principal_in(request.scope)
    is_known = principal is not None and principal.may(Permission.READ)
    return see_other(HOME if is_known else "/sign-in")


@router.get("/sign-in", dependencies=[Everybody])
async def ask_who(
    request: Request, service: TheService, wanted: Annotated[str, Query(max_length=2_000, alias="next")] = ""
) -> Response:
    """Ask for name and password."""
    if principal_in(request.scope) is not None:
        return see_other(_own(wanted) or HOME)
    return page("sign-in", wanted=_own(wanted), tenant=service.settings.tenant, name="", refused="")


@router.post("/sign-in", dependencies=[Everybody])
async def sign_in(
    service: TheService,
    name: Short = "",
    password: Annotated[str, Form(max_length=1_000)] = "",
    tenant: Short = "",
    wanted: Annotated[str, Form(max_length=2_000, alias="next")] = "",
) -> Response:
    """Begin a session."""
    asked = tenant or service.settings.tenant
    refused = "There is no such user, or the password is another."
    try:
        session = await session_by_password(service, tenant=asked, name=name, password=password)
    except InputError as error:
        session, refused = None, f"{error.what} {error.remedy}"
    if session is None:
        told = {"wanted": _own(wanted), "tenant": asked, "name": name, "refused": refused}
        return page("sign-in", status=403 if name and password else 422, **told)
    return _begun(session, _own(wanted) or HOME)


@router.post("/sign-out")
async def sign_out(request: Request, service: TheService, viewer: Reading) -> Response:
    """End the session; a key that is none is left as it is."""
    if is_session(request.scope):
        await end_session(service, viewer.principal)
    answer = see_other("/sign-in")
    answer.delete_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return answer


@router.post("/preferences")
@form_of(settings)
async def prefer(
    _: Reading,
    request: Request,
    numbers: Short = "english",
    unit: Short = EmissionUnit.TONNES.value,
    theme: Short = THEMES[0],
) -> Response:
    """Keep how the person likes pages, in their browser."""
    known = {"numbers": numbers in NAMES, "unit": unit in set(EmissionUnit), "theme": theme in THEMES}
    if wrong := [name for name, is_known in known.items() if not is_known]:
        raise ProblemError("request_invalid", "There is no such choice.", pointer=f"/{wrong[0]}")
    answer = see_other(_own(urlsplit(request.headers.get("referer", "")).path) or "/settings")
    told = urlencode({"numbers": numbers, "unit": unit, "theme": theme})
    answer.set_cookie(
        PREFERENCES, told, max_age=PREFERENCE_SECONDS, path="/", secure=True, httponly=True, samesite="strict"
    )
    return answer


@router.get("/docs", dependencies=[Everybody])
async def described(request: Request, service: TheService) -> Response:
    """Show what the API does."""
    document = request.app.openapi()
    viewer = viewer_of(request, service) if service else None
    return page("docs", viewer=viewer, document=document, tags=by_tag(document))


@router.get("/problems/{code}", dependencies=[Everybody])
async def problem_page(code: str, request: Request, service: TheService) -> Response:
    """Show what a problem is, and what to do."""
    known, viewer = known_problem(code), viewer_of(request, service)
    if known is None:
        return page("problem", status=404, viewer=viewer, code=code, known=NO_SUCH_PROBLEM)
    return page("problem", viewer=viewer, code=code, known=known)


@router.get("/static/{name}", dependencies=[Everybody])
async def static_file(name: str, request: Request) -> Response:
    """Return what pages load."""
    found = static(name, request.headers.get("accept-encoding", ""))
    if found is None:
        raise ProblemError("not_found")
    return found


def _begun(session: str, path: str) -> Response:
    answer = see_other(path)
    life = int(SESSION_LIFE.total_seconds())
    answer.set_cookie(
        SESSION_COOKIE, session, max_age=life, path="/", secure=True, httponly=True, samesite="strict"
    )
    return answer


def _own(path: str) -> str:
    r"""Return a path of this service, empty for anything else: `//x` and `/\x` are other hosts."""
    parts = urlsplit(path)
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc
    return path if is_own and path.isprintable() else ""
