"""What can be told of a problem by its code: those of the API, findings, and errors of the core."""

from functools import cache
from importlib import resources

from vcci.domain.finding import REASONS
from vcci.edge.problems import KINDS, Kind
from vcci.parameters.yaml_text import parsed


def known_problem(code: str) -> Kind | None:
    """Return what a code means and what to do, None for a code that there is not."""
    if code in KINDS:
        return KINDS[code]
    if code in REASONS:
        return Kind(0, REASONS[code].meaning, REASONS[code].remedy)
    return error_pages().get(code)


@cache
def error_pages() -> dict[str, Kind]:
    """Return the errors of the core, by code."""
    text = resources.files("vcci.edge").joinpath("error_pages.yaml").read_text(encoding="utf-8")
    return {code: Kind(0, told["what"], told["remedy"]) for code, told in parsed(text).items()}
