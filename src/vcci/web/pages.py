"""Pages drawn on the server: own styles and scripts, nothing inline, nothing from elsewhere."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from vcci import __version__
from vcci.domain.display import percent, visible
from vcci.domain.finding import REASONS
from vcci.web import charts
from vcci.web.filled_forms import Filled
from vcci.web.formats import Format
from vcci.web.navigation import KEYS, SECTIONS

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""With every page; forms tell this service alone where they come from."""

KINDS: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
KEPT_SECONDS: Final = 365 * 86_400
"""Static files are kept so long: their addresses name their content."""


def page(template: str, /, *, status: int = 200, **told: Any) -> HTMLResponse:
    """Return a page made from a template; `viewer` is who sees it, None for nobody who is known."""
    viewer = told.pop("viewer", None)
    given = {
        "viewer": viewer,
        "form": viewer.form if viewer else Format(),
        "here": "",
        "again": Filled(),
        "version": __version__,
    }
    text = templates().get_template(f"{template}.html.jinja").render(**(given | told))
    return HTMLResponse(text, status_code=status, headers=HEADERS)


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file that pages load: its content, the same packed by gzip, and its digest.

    Pages themselves are never packed: the length of a packed page tells of the secrets in it.
    """

    content: bytes
    packed: bytes
    digest: str


def static(name: str, accepted: str = "") -> Response | None:
    """Return a static file, packed where the Accept-Encoding allows it; None for one that there is not."""
    known = _static().get(name)
    if known is None:
        return None
    headers = HEADERS | {
        "Cache-Control": f"public, max-age={KEPT_SECONDS}, immutable",
        "Vary": "Accept-Encoding",
    }
    content = known.content
    if takes_gzip(accepted):
        content, headers = known.packed, headers | {"Content-Encoding": "gzip"}
    return Response(content, media_type=KINDS[name.rpartition(".")[2]], headers=headers)


def takes_gzip(accepted: str) -> bool:
    """Say whether an Accept-Encoding names gzip, and not with a weight of nothing."""
    return re.search(r"(?i)(?:^|,)\s*gzip\s*(?:,|$|;\s*q=(?!0(?:\.0*)?\s*(?:,|$)))", accepted) is not None


def static_address(name: str) -> str:
    """Return the address of a static file, which is another one for another content."""
    return f"/static/{name}?v={_static()[name].digest}"


def load_pages() -> None:
    """Load templates and static files, so that no request has to."""
    for name in templates().list_templates(filter_func=lambda one: one.endswith(".jinja")):
        templates().get_template(name)
    _static()


@cache
def _static() -> dict[str, StaticFile]:
    """Return the static files by name."""
    folder = resources.files("vcci.web").joinpath("static")
    names = [one.name for one in folder.iterdir() if one.name.rpartition(".")[2] in KINDS]
    contents = {name: folder.joinpath(name).read_bytes() for name in names}
    return {
        name: StaticFile(content, gzip.compress(content, mtime=0), hashlib.sha256(content).hexdigest()[:16])
        for name, content in contents.items()
    }


def _coded(text: str) -> Markup:
    """Set what stands between backticks as code."""
    parts = enumerate(text.split("`"))
    return Markup().join(
        Markup("<code>{}</code>").format(p) if place % 2 else escape(p) for place, p in parts
    )


def _meaning(reason: str) -> str:
    """Return what a reason or notice means, for people."""
    return REASONS[reason].meaning if reason in REASONS else reason.replace("_", " ")


@cache
def templates() -> Environment:
    """Return the templates, with what all of them may use."""
    made = Environment(
        loader=PackageLoader("vcci.web"),
        auto_reload=False,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(coded=_coded, visible=visible, meaning=_meaning)
    made.globals.update(static=static_address, sections=SECTIONS, keys=KEYS, percent=percent, charts=charts)
    return made
