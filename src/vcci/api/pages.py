"""Pages drawn on the server: one style sheet, no script, nothing from elsewhere."""

from functools import cache
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from vcci import __version__
from vcci.domain.display import tonnes

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def page(name: str, *, status: int = 200, **told: Any) -> HTMLResponse:
    """Return a page made from a template."""
    text = _templates().get_template(f"{name}.html.jinja").render(version=__version__, **told)
    return HTMLResponse(text, status_code=status, headers=HEADERS)


def style_sheet() -> Response:
    """Return the style sheet of all pages."""
    return Response(_style(), media_type="text/css", headers=HEADERS | {"Cache-Control": "max-age=3600"})


@cache
def _style() -> bytes:
    return resources.files("vcci.api").joinpath("templates/pages.css").read_bytes()


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("vcci.api"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(tonnes=tonnes, count="{:,}".format)
    return made
