"""Pages drawn on the server: one style sheet, no script, nothing from elsewhere."""

from functools import cache
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from vcci import __version__
from vcci.domain.display import interval_text, tonnes
from vcci.domain.inventory import Interval
from vcci.reports.inventory import base_style

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

ASSETS: Final = {"pages.css": "text/css", "mark.svg": "image/svg+xml"}


def page(name: str, *, status: int = 200, **told: Any) -> HTMLResponse:
    """Return a page made from a template."""
    text = _templates().get_template(f"{name}.html.jinja").render(version=__version__, **told)
    return HTMLResponse(text, status_code=status, headers=HEADERS)


def asset(name: str) -> Response:
    """Return what pages load: one of ASSETS."""
    headers = HEADERS | {"Cache-Control": "max-age=3600"}
    return Response(_bytes(name), media_type=ASSETS[name], headers=headers)


def load_pages() -> None:
    """Load templates and assets, so that no request has to."""
    for name in _templates().list_templates(filter_func=lambda one: one.endswith(".jinja")):
        _templates().get_template(name)
    for name in ASSETS:
        _bytes(name)


@cache
def _bytes(name: str) -> bytes:
    own = resources.files("vcci.api").joinpath("templates", name).read_bytes()
    return base_style().encode() + own if name == "pages.css" else own


def _between(bounds: tuple[int | None, int | None]) -> str:
    """Return the bounds of an interval in tonnes; empty where it is not known."""
    low, high = bounds
    return "" if low is None or high is None else interval_text(Interval(low, high, 0, 0))


def _coded(text: str) -> Markup:
    """Set what stands between backticks as code."""
    parts = enumerate(text.split("`"))
    return Markup().join(
        Markup("<code>{}</code>").format(p) if place % 2 else escape(p) for place, p in parts
    )


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("vcci.api"),
        auto_reload=False,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(tonnes=tonnes, count="{:,}".format, coded=_coded, between=_between)
    return made
